import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { LogState as LogRecord, StepRecord } from "../../../store/job-record.ts";
import { type LogState, type Step, StepSchema } from "../gen/ci/v1/build_pb.ts";
import { CONCLUSION, LOG_KEEPING, STEP_STAGE, STEP_STATUS } from "./enums.ts";
import { present } from "./present.ts";
import { fromInt64, fromTimestamp, required, toTimestamp } from "./scalars.ts";

export function toStepMessage(step: StepRecord): Step {
  const { outcome, conclusion, startedAt, finishedAt, log, ...same } = step;
  const init: MessageInitShape<typeof StepSchema> = {
    ...same,
    stage: STEP_STAGE.toWire(step.stage),
    status: STEP_STATUS.toWire(step.status),
    log: { ...log, kept: LOG_KEEPING.toWire(log.kept), sizeBytes: BigInt(log.sizeBytes) },
    ...present({
      outcome: outcome === undefined ? undefined : CONCLUSION.toWire(outcome),
      conclusion: conclusion === undefined ? undefined : CONCLUSION.toWire(conclusion),
      startedAt: toTimestamp(startedAt),
      finishedAt: toTimestamp(finishedAt),
    }),
  };
  return create(StepSchema, init);
}

export function fromStepMessage(message: Step): StepRecord {
  const { $typeName: _, $unknown: __, ...step } = message;
  return present({
    ...step,
    stepId: message.stepId,
    stage: STEP_STAGE.toWord(message.stage),
    status: STEP_STATUS.toWord(message.status),
    outcome: CONCLUSION.toWordIfAny(message.outcome),
    conclusion: CONCLUSION.toWordIfAny(message.conclusion),
    exitCode: message.exitCode,
    signal: message.signal,
    error: message.error,
    line: message.line,
    parent: message.parent,
    summary: message.summary,
    startedAt: fromTimestamp(message.startedAt),
    finishedAt: fromTimestamp(message.finishedAt),
    durationMs: message.durationMs,
    log: fromLogState(required(message.log, "log")),
  });
}

function fromLogState({ kept, sizeBytes, sha256 }: LogState): LogRecord {
  return present({
    kept: LOG_KEEPING.toWord(kept),
    sizeBytes: fromInt64(sizeBytes, "size_bytes"),
    sha256,
  });
}
