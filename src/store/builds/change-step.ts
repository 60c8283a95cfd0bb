import type { BuildChange, NewStep, StepDetails } from "../build-change.ts";
import type { BuildJobStepRow } from "../tables/build-tables.ts";
import { moveRow } from "./move-row.ts";

export function rowOfStep(step: NewStep): BuildJobStepRow {
  return {
    id: step.id,
    build_id: step.buildId,
    job_id: step.jobId,
    number: step.number,
    step_id: step.stepId ?? null,
    name: step.name,
    stage: step.stage,
    type: step.type,
    status: step.status ?? "pending",
    outcome: null,
    conclusion: null,
    exit_code: null,
    signal: null,
    error: null,
    line: step.line ?? null,
    parent: step.parent ?? null,
    background: step.background ? 1 : 0,
    summary: null,
    waiting_at: null,
    queued_at: null,
    started_at: null,
    finished_at: null,
    duration_ms: null,
    log_kept: "rows",
    log_size_bytes: 0,
    log_sha256: null,
  };
}

/** Changes the row in place. */
export function changeStep(
  row: BuildJobStepRow,
  change: Extract<BuildChange, { kind: "step-changed" }>,
): void {
  if (change.to !== undefined) moveRow(row, change.to, change.at, `step ${row.number} "${row.name}"`);
  setDetails(row, change);
}

function setDetails(row: BuildJobStepRow, details: StepDetails): void {
  if (details.name !== undefined) row.name = details.name;
  if (details.outcome !== undefined) row.outcome = details.outcome;
  if (details.conclusion !== undefined) row.conclusion = details.conclusion;
  if (details.exitCode !== undefined) row.exit_code = details.exitCode;
  if (details.signal !== undefined) row.signal = details.signal;
  if (details.error !== undefined) row.error = details.error;
  if (details.summary !== undefined) row.summary = details.summary;
  if (details.durationMs !== undefined) row.duration_ms = details.durationMs;
}
