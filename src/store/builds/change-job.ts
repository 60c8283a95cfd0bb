import { isFinal } from "../../status.ts";
import type { BuildChange, JobDetails, NewJob } from "../build-change.ts";
import type { BuildJobRow } from "../tables/build-tables.ts";
import { moveRow } from "./move-row.ts";

export function rowOfJob(job: NewJob): BuildJobRow {
  const status = job.status ?? "pending";
  return {
    id: job.id,
    build_id: job.buildId,
    key: job.key,
    job_id: job.jobId,
    name: job.name,
    kind: job.kind,
    needs_json: JSON.stringify(job.needs),
    parent: job.parent ?? null,
    leg_of: job.legOf ?? null,
    matrix_json: job.matrix === undefined ? null : JSON.stringify(job.matrix),
    position: job.position,
    attempt: job.attempt,
    latest: 1,
    status,
    result: null,
    outcome: null,
    outputs_json: "{}",
    error: null,
    reason: job.reason ?? null,
    infrastructure_failure: 0,
    environment: null,
    environment_url: null,
    executor: null,
    executor_ref: null,
    frame_seq: 0,
    carried_from: job.carriedFrom ?? null,
    created_at: job.createdAt,
    waiting_at: status === "waiting" ? job.createdAt : null,
    queued_at: status === "queued" ? job.createdAt : null,
    started_at: status === "running" ? job.createdAt : null,
    finished_at: isFinal(status) ? job.createdAt : null,
  };
}

/** Changes the row in place. */
export function changeJob(row: BuildJobRow, change: Extract<BuildChange, { kind: "job-changed" }>): void {
  if (change.to !== undefined) moveRow(row, change.to, change.at, `job ${row.key}`);
  setDetails(row, change);
}

function setDetails(row: BuildJobRow, details: JobDetails): void {
  if (details.name !== undefined) row.name = details.name;
  if (details.latest !== undefined) row.latest = details.latest ? 1 : 0;
  if (details.result !== undefined) row.result = details.result;
  if (details.outcome !== undefined) row.outcome = details.outcome;
  if (details.outputs !== undefined) row.outputs_json = JSON.stringify(details.outputs);
  if (details.error !== undefined) row.error = details.error;
  if (details.reason !== undefined) row.reason = details.reason;
  if (details.infrastructureFailure !== undefined)
    row.infrastructure_failure = details.infrastructureFailure ? 1 : 0;
  if (details.environment !== undefined) row.environment = details.environment;
  if (details.environmentUrl !== undefined) row.environment_url = details.environmentUrl;
  if (details.executor !== undefined) row.executor = details.executor;
  if (details.executorRef !== undefined) row.executor_ref = details.executorRef;
  // Frames are counted up: a batch that comes again does not take the count back.
  if (details.frameSeq !== undefined) row.frame_seq = Math.max(row.frame_seq, details.frameSeq);
  if (details.queuedAt !== undefined) row.queued_at = details.queuedAt;
}
