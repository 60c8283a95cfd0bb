/** Requests of the ExecutorService, both ways. */
import { create, type MessageInitShape, type JsonObject as WireObject } from "@bufbuild/protobuf";
import type {
  CreateBuildRequest as CreateBuild,
  DecideRequest,
  LogPiece,
  RerunRequest,
  StreamLogsRequest as StreamLogs,
} from "../../../builds/service/executor-service.ts";
import { ExecError } from "../../../errors.ts";
import type { JsonObject } from "../../../json.ts";
import type { BuildFilter } from "../../../store/build-store.ts";
import type { PageRequest } from "../../../store/page.ts";
import {
  type CreateBuildRequest,
  CreateBuildRequestSchema,
  type DecideApprovalsRequest,
  DecideApprovalsRequestSchema,
  type ListBuildsRequest,
  ListBuildsRequestSchema,
  type RerunBuildRequest,
  RerunBuildRequestSchema,
  type StreamLogsRequest,
  StreamLogsRequestSchema,
  type StreamLogsResponse,
  StreamLogsResponseSchema,
} from "../gen/ci/v1/executor_pb.ts";
import { BUILD_STATUS, BUILD_TRIGGER } from "./enums.ts";
import { present } from "./present.ts";
import { fromInt64, requiredTime, toTimestamp } from "./scalars.ts";

const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

export function toCreateBuild(request: CreateBuild): CreateBuildRequest {
  const { github, inputs, vars, onlyJobs = [], ...same } = request;
  const init: MessageInitShape<typeof CreateBuildRequestSchema> = {
    ...same,
    trigger: BUILD_TRIGGER.toWire(request.trigger),
    github: github as WireObject,
    inputs: inputs as WireObject,
    vars: { ...vars },
    onlyJobs: [...onlyJobs],
  };
  return create(CreateBuildRequestSchema, init);
}

export function fromCreateBuild(message: CreateBuildRequest): CreateBuild {
  const { $typeName: _, $unknown: __, ...request } = message;
  for (const name of ["id", "projectId", "pipelineId", "event", "ref", "sha", "file"] as const) {
    if (message[name] === "") throw new ExecError("InvalidSpec", `The message has no ${name}.`);
  }
  return present({
    ...request,
    trigger: BUILD_TRIGGER.toWord(message.trigger),
    github: (message.github ?? {}) as JsonObject,
    inputs: (message.inputs ?? {}) as JsonObject,
    onlyJobs: message.onlyJobs.length === 0 ? undefined : message.onlyJobs,
  });
}

export function toListBuilds(filter: BuildFilter, page: PageRequest): ListBuildsRequest {
  const { status = [], trigger, ...same } = filter;
  const init: MessageInitShape<typeof ListBuildsRequestSchema> = {
    ...same,
    statuses: status.map(BUILD_STATUS.toWire),
    pageSize: page.limit,
    pageToken: page.cursor ?? "",
    ...present({ trigger: trigger === undefined ? undefined : BUILD_TRIGGER.toWire(trigger) }),
  };
  return create(ListBuildsRequestSchema, init);
}

export function fromListBuilds(message: ListBuildsRequest): {
  readonly filter: BuildFilter;
  readonly page: PageRequest;
} {
  const given = (text: string) => (text === "" ? undefined : text);
  const limit = message.pageSize === 0 ? DEFAULT_PAGE : message.pageSize;
  if (limit < 1 || limit > MAX_PAGE) throw new ExecError("InvalidSpec", `page_size is 1 to ${MAX_PAGE}.`);
  return {
    filter: present({
      projectId: given(message.projectId),
      pipelineId: given(message.pipelineId),
      status: message.statuses.length === 0 ? undefined : message.statuses.map(BUILD_STATUS.toWord),
      ref: given(message.ref),
      trigger: BUILD_TRIGGER.toWordIfAny(message.trigger),
      sha: given(message.sha),
      latestAttempt: message.latestAttempt ? true : undefined,
      number: message.number === 0 ? undefined : message.number,
    }),
    page: present({ cursor: given(message.pageToken), limit }),
  };
}

export function toStreamLogs(request: StreamLogs): StreamLogsRequest {
  return create(StreamLogsRequestSchema, {
    stepId: request.stepId,
    offset: BigInt(request.offset ?? 0),
    follow: request.follow,
    ...present({ end: request.end === undefined ? undefined : BigInt(request.end) }),
  });
}

export function fromStreamLogs(message: StreamLogsRequest): StreamLogs {
  return present({
    stepId: message.stepId,
    offset: fromInt64(message.offset, "offset"),
    end: message.end === undefined ? undefined : fromInt64(message.end, "end"),
    follow: message.follow,
  });
}

export function toLogPiece(piece: LogPiece): StreamLogsResponse {
  return create(StreamLogsResponseSchema, {
    offset: BigInt(piece.offset),
    data: piece.data as Uint8Array<ArrayBuffer>,
    at: toTimestamp(piece.at),
  });
}

export function fromLogPiece(message: StreamLogsResponse): LogPiece {
  return {
    offset: fromInt64(message.offset, "offset"),
    data: message.data,
    at: requiredTime(message.at, "at"),
  };
}

export function toRerun({ buildId, actor, what, debug = false }: RerunRequest): RerunBuildRequest {
  const init: MessageInitShape<typeof RerunBuildRequestSchema> = {
    buildId,
    actor,
    debug,
    what: what.kind === "job" ? { case: "jobKey", value: what.key } : { case: what.kind, value: {} },
  };
  return create(RerunBuildRequestSchema, init);
}

export function fromRerun(message: RerunBuildRequest): RerunRequest {
  const { buildId, actor, what } = message;
  const debug = message.debug ? { debug: true } : {};
  switch (what.case) {
    case "jobKey":
      return { buildId, actor, what: { kind: "job", key: what.value }, ...debug };
    case "all":
    case "failed":
      return { buildId, actor, what: { kind: what.case }, ...debug };
    case undefined:
      throw new ExecError(
        "InvalidSpec",
        "The message does not say what to run again: all, failed or job_key.",
      );
  }
}

export function toDecide(request: DecideRequest): DecideApprovalsRequest {
  return create(DecideApprovalsRequestSchema, { ...request });
}

export function fromDecide(message: DecideApprovalsRequest): DecideRequest {
  const { $typeName: _, $unknown: __, ...request } = message;
  return present({ ...request, environment: message.environment, comment: message.comment });
}
