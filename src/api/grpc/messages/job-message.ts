import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { JobRecord } from "../../../store/job-record.ts";
import { type Job, JobSchema } from "../gen/ci/v1/build_pb.ts";
import { CONCLUSION, JOB_KIND, JOB_STATUS } from "./enums.ts";
import { present } from "./present.ts";
import { fromInt64, fromTimestamp, fromValue, requiredTime, toTimestamp, toValue } from "./scalars.ts";

export function toJobMessage(job: JobRecord): Job {
  const { matrix, result, outcome, queuedAt, startedAt, finishedAt, ...same } = job;
  const init: MessageInitShape<typeof JobSchema> = {
    ...same,
    needs: [...job.needs],
    kind: JOB_KIND.toWire(job.kind),
    status: JOB_STATUS.toWire(job.status),
    frameSeq: BigInt(job.frameSeq),
    createdAt: toTimestamp(job.createdAt),
    ...present({
      matrix: toValue(matrix),
      result: result === undefined ? undefined : CONCLUSION.toWire(result),
      outcome: outcome === undefined ? undefined : CONCLUSION.toWire(outcome),
      queuedAt: toTimestamp(queuedAt),
      startedAt: toTimestamp(startedAt),
      finishedAt: toTimestamp(finishedAt),
    }),
  };
  return create(JobSchema, init);
}

export function fromJobMessage(message: Job): JobRecord {
  const { $typeName: _, $unknown: __, ...job } = message;
  return present({
    ...job,
    kind: JOB_KIND.toWord(message.kind),
    status: JOB_STATUS.toWord(message.status),
    parent: message.parent,
    legOf: message.legOf,
    matrix: fromValue(message.matrix),
    result: CONCLUSION.toWordIfAny(message.result),
    outcome: CONCLUSION.toWordIfAny(message.outcome),
    error: message.error,
    reason: message.reason,
    environment: message.environment,
    environmentUrl: message.environmentUrl,
    executor: message.executor,
    executorRef: message.executorRef,
    frameSeq: fromInt64(message.frameSeq, "frame_seq"),
    carriedFrom: message.carriedFrom,
    createdAt: requiredTime(message.createdAt, "created_at"),
    queuedAt: fromTimestamp(message.queuedAt),
    startedAt: fromTimestamp(message.startedAt),
    finishedAt: fromTimestamp(message.finishedAt),
  });
}
