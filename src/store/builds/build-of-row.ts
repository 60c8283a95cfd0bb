import type { BuildRecord } from "../build-record.ts";
import type { BuildRow } from "../tables/build-tables.ts";
import { withoutNulls } from "../without-nulls.ts";

/** What a record is made of. */
export const BUILD_COLUMNS = [
  "seq",
  "id",
  "project_id",
  "pipeline_id",
  "number",
  "root_seq",
  "root_id",
  "attempt",
  "status",
  "trigger",
  "event",
  "ref",
  "sha",
  "workflow",
  "title",
  "actor",
  "error",
  "error_code",
  "cancel_reason",
  "created_at",
  "queued_at",
  "started_at",
  "finished_at",
  "version",
] as const satisfies readonly (keyof BuildRow)[];

/** `seq` as it comes out of the table. */
export type SelectedBuildRow = Omit<Pick<BuildRow, (typeof BUILD_COLUMNS)[number]>, "seq"> & { seq: number };

export function buildOfRow(row: SelectedBuildRow): BuildRecord {
  return withoutNulls({
    id: row.id,
    projectId: row.project_id,
    pipelineId: row.pipeline_id,
    number: row.number,
    runId: row.root_seq ?? row.seq,
    attempt: row.attempt,
    rootId: row.root_id,
    status: row.status,
    trigger: row.trigger,
    event: row.event,
    ref: row.ref,
    sha: row.sha,
    workflow: row.workflow,
    title: row.title,
    actor: row.actor,
    error: row.error,
    errorCode: row.error_code,
    cancelReason: row.cancel_reason,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    version: row.version,
  });
}
