import type { EnvironmentRecord, PipelineRecord, ProjectRecord } from "../project-record.ts";
import type { EnvironmentRow, PipelineRow, ProjectRow } from "../tables/project-tables.ts";

export function projectOfRow(row: ProjectRow): ProjectRecord {
  return {
    id: row.id,
    name: row.name,
    repositoryUrl: row.repository_url,
    defaultBranch: row.default_branch,
    settings: JSON.parse(row.settings_json),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function pipelineOfRow(row: PipelineRow): PipelineRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    path: row.path,
    enabled: row.enabled === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export function environmentOfRow(row: EnvironmentRow): EnvironmentRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    reviewers: JSON.parse(row.reviewers_json),
    approvalTimeoutMs: row.approval_timeout_ms,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
