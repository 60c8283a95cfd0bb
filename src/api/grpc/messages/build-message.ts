import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { BuildRecord } from "../../../store/build-record.ts";
import { type Build, BuildSchema } from "../gen/ci/v1/build_pb.ts";
import { BUILD_STATUS, BUILD_TRIGGER, ERROR_CODE } from "./enums.ts";
import { present } from "./present.ts";
import { fromInt64, fromTimestamp, requiredTime, toTimestamp } from "./scalars.ts";

export function toBuildMessage(build: BuildRecord): Build {
  const { errorCode, queuedAt, startedAt, finishedAt, ...same } = build;
  const init: MessageInitShape<typeof BuildSchema> = {
    ...same,
    runId: BigInt(build.runId),
    status: BUILD_STATUS.toWire(build.status),
    trigger: BUILD_TRIGGER.toWire(build.trigger),
    version: BigInt(build.version),
    createdAt: toTimestamp(build.createdAt),
    ...present({
      errorCode: errorCode === undefined ? undefined : ERROR_CODE.toWire(errorCode),
      queuedAt: toTimestamp(queuedAt),
      startedAt: toTimestamp(startedAt),
      finishedAt: toTimestamp(finishedAt),
    }),
  };
  return create(BuildSchema, init);
}

export function fromBuildMessage(message: Build): BuildRecord {
  const { $typeName: _, $unknown: __, ...build } = message;
  return present({
    ...build,
    runId: fromInt64(message.runId, "run_id"),
    status: BUILD_STATUS.toWord(message.status),
    trigger: BUILD_TRIGGER.toWord(message.trigger),
    error: message.error,
    errorCode: ERROR_CODE.toWordIfAny(message.errorCode),
    cancelReason: message.cancelReason,
    createdAt: requiredTime(message.createdAt, "created_at"),
    queuedAt: fromTimestamp(message.queuedAt),
    startedAt: fromTimestamp(message.startedAt),
    finishedAt: fromTimestamp(message.finishedAt),
    version: fromInt64(message.version, "version"),
  });
}
