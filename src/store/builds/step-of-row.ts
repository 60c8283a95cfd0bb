import type { StepRecord } from "../job-record.ts";
import type { BuildJobStepRow } from "../tables/build-tables.ts";
import { withoutNulls } from "../without-nulls.ts";

/** `grown`: the end of the log while it is in rows. */
export function stepOfRow(row: BuildJobStepRow & { readonly grown: number | null }): StepRecord {
  return withoutNulls({
    id: row.id,
    buildId: row.build_id,
    jobId: row.job_id,
    number: row.number,
    stepId: row.step_id,
    name: row.name,
    stage: row.stage,
    type: row.type,
    status: row.status,
    outcome: row.outcome,
    conclusion: row.conclusion,
    exitCode: row.exit_code,
    signal: row.signal,
    error: row.error,
    line: row.line,
    parent: row.parent,
    background: row.background === 1,
    summary: row.summary,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    durationMs: row.duration_ms,
    log: withoutNulls({
      kept: row.log_kept,
      sizeBytes: row.log_kept === "rows" ? (row.grown ?? row.log_size_bytes) : row.log_size_bytes,
      sha256: row.log_sha256,
    }),
  });
}
