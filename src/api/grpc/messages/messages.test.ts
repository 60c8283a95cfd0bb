import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type {
  CreateBuildRequest,
  DecideRequest,
  RerunRequest,
} from "../../../builds/service/executor-service.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { StartBuildRequest } from "../../../pipelines/pipeline-service.ts";
import type { BuildFilter } from "../../../store/build-store.ts";
import * as build from "../gen/ci/v1/build_pb.ts";
import * as error from "../gen/ci/v1/error_pb.ts";
import * as executor from "../gen/ci/v1/executor_pb.ts";
import * as pipelines from "../gen/ci/v1/pipeline_pb.ts";
import * as status from "../gen/ci/v1/status_pb.ts";
import * as records from "../records.fixture.ts";
import { fromAnnotationMessage, toAnnotationMessage } from "./annotation-message.ts";
import { fromApprovalMessage, toApprovalMessage } from "./approval-message.ts";
import { fromBuildMessage, toBuildMessage } from "./build-message.ts";
import * as enums from "./enums.ts";
import * as requests from "./executor-requests.ts";
import { fromJobMessage, toJobMessage } from "./job-message.ts";
import * as pipelineMessages from "./pipeline-messages.ts";
import { fromStepMessage, toStepMessage } from "./step-message.ts";
import { fromViewMessage, toViewMessage } from "./view-message.ts";

/** As it comes out of the other end. */
function wired<D extends DescMessage>(schema: D, message: MessageShape<D>): MessageShape<D> {
  return fromBinary(schema, toBinary(schema, message));
}

describe("records survive the wire, with every field and with none that need not be there", () => {
  it.each([records.bareBuild, records.fullBuild])("builds", (record) => {
    expect(fromBuildMessage(wired(build.BuildSchema, toBuildMessage(record)))).toStrictEqual(record);
  });
  it.each([records.bareJob, records.fullJob, { ...records.bareJob, matrix: null }])("jobs", (record) => {
    expect(fromJobMessage(wired(build.JobSchema, toJobMessage(record)))).toStrictEqual(record);
  });
  it.each([records.bareStep, records.fullStep])("steps", (record) => {
    expect(fromStepMessage(wired(build.StepSchema, toStepMessage(record)))).toStrictEqual(record);
  });
  it.each([records.bareApproval, records.fullApproval])("approvals", (record) => {
    expect(fromApprovalMessage(wired(build.ApprovalSchema, toApprovalMessage(record)))).toStrictEqual(record);
  });
  it.each([records.bareAnnotation, records.fullAnnotation])("annotations", (record) => {
    expect(fromAnnotationMessage(wired(build.AnnotationSchema, toAnnotationMessage(record)))).toStrictEqual(
      record,
    );
  });
  it("views", () => {
    const message = wired(executor.BuildViewSchema, toViewMessage(records.fullView));
    expect(fromViewMessage(message)).toStrictEqual(records.fullView);
  });
  it("pipelines", () => {
    const message = wired(pipelines.PipelineSchema, pipelineMessages.toPipelineMessage(records.pipeline));
    expect(pipelineMessages.fromPipelineMessage(message)).toStrictEqual(records.pipeline);
  });
});

describe("requests survive the wire", () => {
  const create: CreateBuildRequest = {
    id: "b1",
    projectId: "p1",
    pipelineId: "l1",
    trigger: "api",
    actor: "ada",
    event: "push",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
    file: "ci.yml",
    content: "on: push\n",
    workflow: "CI",
    title: "CI",
    github: { event: { commits: [{ id: "a", n: null, deep: [[1.5], []] }] }, empty: {} },
    inputs: { dry: true, count: 0, text: "" },
    vars: { A: "" },
  };
  it.each<CreateBuildRequest>([create, { ...create, onlyJobs: ["a"] }])("createBuild", (request) => {
    const message = wired(executor.CreateBuildRequestSchema, requests.toCreateBuild(request));
    expect(requests.fromCreateBuild(message)).toStrictEqual(request);
  });

  const full: Required<BuildFilter> = {
    projectId: "p1",
    pipelineId: "l1",
    status: ["failed", "queued"],
    ref: "refs/heads/main",
    trigger: "push",
    sha: "a",
    latestAttempt: true,
    number: 12,
  };
  it.each([
    [{}, { limit: 1 }],
    [full, { limit: 200, cursor: "next" }],
  ])("listBuilds", (filter, page) => {
    const message = wired(executor.ListBuildsRequestSchema, requests.toListBuilds(filter, page));
    expect(requests.fromListBuilds(message)).toStrictEqual({ filter, page });
  });

  it.each([
    { stepId: "s", offset: 0, follow: true },
    { stepId: "s", offset: 5_000_000_000, end: 0, follow: false },
  ])("streamLogs", (request) => {
    const message = wired(executor.StreamLogsRequestSchema, requests.toStreamLogs(request));
    expect(requests.fromStreamLogs(message)).toStrictEqual(request);
  });

  it("pieces of logs", () => {
    const piece = { offset: 3, data: new Uint8Array([0, 255, 10]), at: 1_700_000_000_001 };
    const message = wired(executor.StreamLogsResponseSchema, requests.toLogPiece(piece));
    expect(requests.fromLogPiece(message)).toStrictEqual(piece);
  });

  it.each<RerunRequest["what"]>([{ kind: "all" }, { kind: "failed" }, { kind: "job", key: "test[1]" }])(
    "rerunBuild %o",
    (what) => {
      const request = { buildId: "b", actor: "ada", what };
      const message = wired(executor.RerunBuildRequestSchema, requests.toRerun(request));
      expect(requests.fromRerun(message)).toStrictEqual(request);
      const debug = wired(executor.RerunBuildRequestSchema, requests.toRerun({ ...request, debug: true }));
      expect(requests.fromRerun(debug)).toStrictEqual({ ...request, debug: true });
    },
  );

  it.each<DecideRequest>([
    { buildId: "b", by: "ada", override: false, approve: false },
    { buildId: "b", by: "ada", override: true, approve: true, environment: "prod", comment: "" },
  ])("decide", (request) => {
    const message = wired(executor.DecideApprovalsRequestSchema, requests.toDecide(request));
    expect(requests.fromDecide(message)).toStrictEqual(request);
  });

  const start: Required<StartBuildRequest> = {
    projectId: "p1",
    pipeline: "CI",
    gitRef: "main",
    event: "schedule",
    inputs: { a: "1" },
    vars: { B: "2" },
    schedule: "0 * * * *",
    trigger: "schedule",
    onlyJobs: ["test"],
    buildId: "b1",
  };
  it.each<StartBuildRequest>([start, { projectId: "p1", inputs: {}, vars: {} }])(
    "startPipelineBuild",
    (request) => {
      const message = wired(
        pipelines.StartPipelineBuildRequestSchema,
        pipelineMessages.toStartBuild(request),
      );
      expect(pipelineMessages.fromStartBuild(message)).toStrictEqual(request);
    },
  );

  it.each<Principal>([
    { kind: "token", id: "t", name: "Ada Größe", permissions: ["project:read"], projectId: "p1" },
    { kind: "system", id: "s", name: "schedule", permissions: ["admin", "project:write"] },
  ])("callers", (caller) => {
    const bytes = pipelineMessages.callerToBytes(caller);
    expect(pipelineMessages.callerFromBytes(bytes)).toStrictEqual(caller);
  });
});

describe("every enum", () => {
  const tables = [
    ["BuildStatus", enums.BUILD_STATUS, status.BuildStatus],
    ["JobStatus", enums.JOB_STATUS, status.JobStatus],
    ["StepStatus", enums.STEP_STATUS, status.StepStatus],
    ["Conclusion", enums.CONCLUSION, status.Conclusion],
    ["BuildTrigger", enums.BUILD_TRIGGER, build.BuildTrigger],
    ["JobKind", enums.JOB_KIND, build.JobKind],
    ["StepStage", enums.STEP_STAGE, build.StepStage],
    ["LogKeeping", enums.LOG_KEEPING, build.LogKeeping],
    ["ApprovalState", enums.APPROVAL_STATE, build.ApprovalState],
    ["AnnotationLevel", enums.ANNOTATION_LEVEL, build.AnnotationLevel],
    ["ErrorCode", enums.ERROR_CODE, error.ErrorCode],
    ["Caller.Kind", enums.CALLER_KIND, pipelines.Caller_Kind],
  ] as const;
  it.each(tables)(
    "%s has a word for each value but UNSPECIFIED, and each word its own value",
    (_, table, wire) => {
      const loose = table as {
        words: readonly string[];
        toWire(word: string): number;
        toWord(n: number): string;
      };
      const numbers = Object.values(wire)
        .map(Number)
        .filter((value) => value > 0);
      expect(loose.words.map((word) => loose.toWire(word)).sort((a, b) => a - b)).toEqual(
        [...new Set(numbers)].sort((a, b) => a - b),
      );
      for (const word of loose.words) expect(loose.toWord(loose.toWire(word))).toBe(word);
      expect(() => loose.toWord(0)).toThrow("is missing");
      expect(() => loose.toWord(99)).toThrow("There is no");
      expect(table.toWordIfAny(0)).toBeUndefined();
    },
  );
});

describe("a message that cannot be right is InvalidSpec", () => {
  const invalid = expect.objectContaining({ code: "InvalidSpec" });
  it.each<[string, () => unknown]>([
    ["no view", () => fromViewMessage(undefined)],
    ["no pipeline", () => pipelineMessages.fromPipelineMessage(undefined)],
    [
      "no id",
      () => requests.fromCreateBuild(fromBinary(executor.CreateBuildRequestSchema, new Uint8Array())),
    ],
    [
      "no word on what to run",
      () => requests.fromRerun(fromBinary(executor.RerunBuildRequestSchema, new Uint8Array())),
    ],
    ["a page of 201", () => requests.fromListBuilds(requests.toListBuilds({}, { limit: 201 }))],
    ["a page of -1", () => requests.fromListBuilds(requests.toListBuilds({}, { limit: -1 }))],
    [
      "a negative offset",
      () => requests.fromStreamLogs(requests.toStreamLogs({ stepId: "s", offset: -1, follow: true })),
    ],
    ["an unreadable caller", () => pipelineMessages.callerFromBytes(new Uint8Array([255, 255]))],
    [
      "an unknown permission",
      () =>
        pipelineMessages.callerFromBytes(
          pipelineMessages.callerToBytes({
            kind: "token",
            id: "t",
            name: "a",
            permissions: ["root" as "admin"],
          }),
        ),
    ],
  ])("%s", (_, read) => {
    expect(read).toThrow(invalid);
  });
});
