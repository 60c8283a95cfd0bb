/** Projects and what people set for them. */
export interface ProjectTables {
  readonly projects: ProjectRow;
  readonly pipelines: PipelineRow;
  readonly environments: EnvironmentRow;
  readonly project_settings: ProjectSettingRow;
  readonly schedules: ScheduleRow;
}

export interface ProjectRow {
  id: string;
  name: string;
  repository_url: string;
  default_branch: string;
  settings_json: string;
  /** Of the settings: what claims ask for. */
  max_builds: number | null;
  /** The number of its newest build. */
  build_count: number;
  created_at: number;
  updated_at: number;
}

export interface PipelineRow {
  id: string;
  project_id: string;
  name: string;
  path: string;
  enabled: number;
  created_at: number;
  updated_at: number;
}

export interface EnvironmentRow {
  id: string;
  project_id: string;
  name: string;
  /** The name without case. */
  name_key: string;
  reviewers_json: string;
  approval_timeout_ms: number;
  created_at: number;
  updated_at: number;
}

export interface ProjectSettingRow {
  project_id: string;
  kind: "secret" | "variable";
  name: string;
  value: string;
  updated_at: number;
}

export interface ScheduleRow {
  id: string;
  pipeline_id: string;
  cron: string;
  timezone: string;
  next_at: number;
}
