import type { Json } from "../../json.ts";
import type { JobRecord } from "../job-record.ts";
import { storedJson } from "../stored-json.ts";
import type { BuildJobRow } from "../tables/build-tables.ts";
import { withoutNulls } from "../without-nulls.ts";

export function jobOfRow(row: BuildJobRow): JobRecord {
  const job = withoutNulls({
    id: row.id,
    buildId: row.build_id,
    key: row.key,
    jobId: row.job_id,
    name: row.name,
    kind: row.kind,
    needs: storedJson<JobRecord["needs"]>(row.needs_json),
    parent: row.parent,
    legOf: row.leg_of,
    position: row.position,
    attempt: row.attempt,
    latest: row.latest === 1,
    status: row.status,
    result: row.result,
    outcome: row.outcome,
    outputs: storedJson<JobRecord["outputs"]>(row.outputs_json),
    error: row.error,
    reason: row.reason,
    infrastructureFailure: row.infrastructure_failure === 1,
    environment: row.environment,
    environmentUrl: row.environment_url,
    executor: row.executor,
    executorRef: row.executor_ref,
    frameSeq: row.frame_seq,
    carriedFrom: row.carried_from,
    createdAt: row.created_at,
    queuedAt: row.queued_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  });
  return row.matrix_json === null ? job : { ...job, matrix: storedJson<Json>(row.matrix_json) };
}
