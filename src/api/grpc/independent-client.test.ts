// What others see: gRPC's own client for Node, with the .proto files as they are published.
import { fileURLToPath } from "node:url";
import {
  type Client,
  type ClientReadableStream,
  credentials as channelCredentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { afterEach, describe, expect, it } from "vitest";
import type { BuildView, CreateBuildRequest } from "../../builds/service/executor-service.ts";
import { ExecError } from "../../errors.ts";
import { bareBuild, fullBuild, fullView } from "./records.fixture.ts";
import {
  type Offered,
  revoked,
  type ScriptedServer,
  SERVICE_SECRET,
  startScripted,
} from "./scripted-services.fixture.ts";

const PROTOS = fileURLToPath(new URL("../../../proto", import.meta.url));
const definition = loadSync(
  [
    "ci/v1/pipeline.proto",
    "ci/v1/executor.proto",
    "ci/v1/error.proto",
    "grpc/health/v1/health.proto",
    "grpc/reflection/v1/reflection.proto",
    "grpc/reflection/v1alpha/reflection.proto",
  ],
  { includeDirs: [PROTOS], keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true },
);
// biome-ignore lint/suspicious/noExplicitAny: what is loaded at run time has no types
type Loose = any;
const loaded = loadPackageDefinition(definition) as Loose;

let server: ScriptedServer | undefined;
const clients: Client[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  revoked.clear();
  await server?.close(1_000);
  server = undefined;
});

async function connect(offered: Offered, service = "ci.v1.ExecutorService"): Promise<Loose> {
  server ??= await startScripted(offered);
  const Constructor = service.split(".").reduce((at: Loose, name) => at[name], loaded);
  const client = new Constructor(server.url.replace("http://", ""), channelCredentials.createInsecure());
  clients.push(client);
  return client;
}

function bearer(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
  return metadata;
}

function unary(
  client: Loose,
  method: string,
  request: object,
  token: string | undefined = SERVICE_SECRET,
): Promise<Loose> {
  return new Promise((resolve, reject) => {
    client[method](request, bearer(token), (error: ServiceError | null, response: Loose) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

const refusal = (promise: Promise<unknown>): Promise<ServiceError> =>
  promise.then(
    () => Promise.reject(new Error("it was not refused")),
    (error: ServiceError) => error,
  );

/** This client leaves escapes of `:`, `/` and their like as they came. */
function textOf({ details }: ServiceError): string {
  return decodeURIComponent(details);
}

function collected(
  stream: ClientReadableStream<Loose>,
): Promise<{ messages: Loose[]; error: ServiceError | undefined }> {
  const messages: Loose[] = [];
  return new Promise((resolve) => {
    stream.on("data", (message: Loose) => messages.push(message));
    stream.on("error", (error: ServiceError) => resolve({ messages, error }));
    stream.on("end", () => resolve({ messages, error: undefined }));
  });
}

describe("an independent client", () => {
  it("gets a build with its enums by name", async () => {
    const client = await connect({ executor: { getBuild: async () => fullView } });
    const { view } = await unary(client, "getBuild", { buildId: "b1" });
    expect(view.build).toMatchObject({
      id: "b1",
      runId: 4_000_000_007,
      status: "BUILD_STATUS_RUNNING",
      trigger: "BUILD_TRIGGER_RERUN",
      errorCode: "ERROR_CODE_QUOTA_EXCEEDED",
    });
    expect(view.jobs.map((job: Loose) => job.status)).toEqual(["JOB_STATUS_WAITING", "JOB_STATUS_WAITING"]);
    expect(view.steps[1]).toMatchObject({ status: "STEP_STATUS_PENDING", conclusion: "CONCLUSION_SKIPPED" });
    expect(server?.calls).toEqual([{ method: "ci.v1.ExecutorService/GetBuild", code: "Ok" }]);
  });

  it("creates a build with everything it runs from", async () => {
    const asked: CreateBuildRequest[] = [];
    const createBuild = async (request: CreateBuildRequest) => {
      asked.push(request);
      return bareBuild;
    };
    const client = await connect({ executor: { createBuild } });
    const { build } = await unary(client, "createBuild", {
      id: "b1",
      projectId: "p1",
      pipelineId: "l1",
      trigger: "BUILD_TRIGGER_PUSH",
      event: "push",
      ref: "refs/heads/main",
      sha: "abc",
      file: "ci.yml",
      content: "on: push",
      github: { fields: { ref: { stringValue: "x" }, n: { numberValue: 1 } } },
      vars: { A: "1" },
      onlyJobs: ["test"],
    });
    expect(build.id).toBe("b1");
    expect(asked[0]).toMatchObject({
      trigger: "push",
      github: { ref: "x", n: 1 },
      vars: { A: "1" },
      onlyJobs: ["test"],
    });
  });

  it("watches a build until it has ended, and streams a log byte for byte", async () => {
    const views = [1, 2, 3].map((version): BuildView => ({ ...fullView, build: { ...bareBuild, version } }));
    const data = new Uint8Array(Array.from({ length: 256 }, (_, byte) => byte));
    const client = await connect({
      executor: {
        async *watchBuild() {
          yield* views;
        },
        async *streamLogs({ offset = 0 }) {
          for (let at = offset; at < 256; at += 100)
            yield { offset: at, data: data.slice(at, at + 100), at: 5 };
        },
      },
    });
    const watched = await collected(client.watchBuild({ buildId: "b1" }, bearer(SERVICE_SECRET)));
    expect(watched.error).toBeUndefined();
    expect(watched.messages.map(({ view }) => view.build.version)).toEqual([1, 2, 3]);
    const logs = await collected(client.streamLogs({ stepId: "s1", offset: 10 }, bearer(SERVICE_SECRET)));
    expect(Buffer.concat(logs.messages.map((message) => message.data))).toEqual(Buffer.from(data.slice(10)));
  });

  it("that cancels a stream ends it here too", async () => {
    let ended = false;
    const client = await connect({
      executor: {
        async *watchBuild(_, signal) {
          try {
            yield fullView;
            await new Promise((resolve) => signal.addEventListener("abort", resolve));
          } finally {
            ended = true;
          }
        },
      },
    });
    const stream: ClientReadableStream<Loose> = client.watchBuild({ buildId: "b1" }, bearer(SERVICE_SECRET));
    const result = collected(stream);
    await new Promise((resolve) => stream.once("data", resolve));
    stream.cancel();
    expect((await result).error?.code).toBe(status.CANCELLED);
    await expect.poll(() => ended).toBe(true);
    await expect.poll(() => server?.calls.map(({ code }) => code)).toEqual(["Canceled"]);
  });

  it("whose deadline passes is told so", async () => {
    const client = await connect({ executor: { getBuild: () => new Promise(() => {}) } });
    const error = await new Promise<ServiceError>((resolve) => {
      const deadline = Date.now() + 100;
      client.getBuild({ buildId: "b1" }, bearer(SERVICE_SECRET), { deadline }, resolve);
    });
    expect(error.code).toBe(status.DEADLINE_EXCEEDED);
  });

  it.each([
    ["InvalidSpec", status.INVALID_ARGUMENT],
    ["NotFound", status.NOT_FOUND],
    ["Conflict", status.FAILED_PRECONDITION],
    ["Transient", status.UNAVAILABLE],
    ["Timeout", status.DEADLINE_EXCEEDED],
    ["Cancelled", status.CANCELLED],
    ["Permanent", status.INTERNAL],
    ["Unauthorized", status.UNAUTHENTICATED],
    ["Forbidden", status.PERMISSION_DENIED],
    ["QuotaExceeded", status.RESOURCE_EXHAUSTED],
  ] as const)("sees %s as status %i, with its text", async (code, expected) => {
    const message = "ci.yml:3:1: größer\n  hint";
    const client = await connect({
      executor: { getBuild: () => Promise.reject(new ExecError(code, message, { retryAfterMs: 1_500 })) },
    });
    const error = await refusal(unary(client, "getBuild", { buildId: "b1" }));
    expect([error.code, textOf(error)]).toEqual([expected, message]);
    expect(error.metadata.get("x-request-id")[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("is not told what went wrong inside, but under which id it was logged", async () => {
    const client = await connect({
      executor: { getBuild: () => Promise.reject(new Error("password=hunter2")) },
    });
    const metadata = bearer(SERVICE_SECRET);
    metadata.set("x-request-id", "mine-1");
    const error = await new Promise<ServiceError>((resolve) =>
      client.getBuild({ buildId: "b1" }, metadata, resolve),
    );
    expect([error.code, error.details]).toEqual([
      status.INTERNAL,
      "Something went wrong here (request mine-1).",
    ]);
  });

  it("gets mistakes of many lines as far as headers take them", async () => {
    const message = Array.from({ length: 5_000 }, (_, line) => `ci.yml:${line}:1: error`).join("\n");
    const client = await connect({
      executor: { getBuild: () => Promise.reject(new ExecError("InvalidSpec", message)) },
    });
    const error = await refusal(unary(client, "getBuild", { buildId: "b1" }));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(message.startsWith(textOf(error).slice(0, -1))).toBe(true);
    expect(textOf(error).length).toBe(4_000);
  });
});

describe("credentials", () => {
  const METHODS = {
    "ci.v1.ExecutorService":
      "createBuild getBuild listBuilds watchBuild streamLogs cancelBuild rerunBuild decideApprovals",
    "ci.v1.PipelineService": "createPipeline getPipeline listPipelines startPipelineBuild",
  };
  const calls = Object.entries(METHODS).flatMap(([service, names]) =>
    names.split(" ").map((method) => [service, method] as const),
  );

  it.each(calls)("%s %s needs them", async (service, method) => {
    const client = await connect({ executor: {}, pipelines: {} }, service);
    for (const token of [undefined, "wrong", ""]) {
      const isStream = client[method].responseStream as boolean;
      const error = isStream
        ? (await collected(client[method]({}, bearer(token)))).error
        : await refusal(unary(client, method, {}, token ?? "none"));
      expect(error?.code, `${token}`).toBe(status.UNAUTHENTICATED);
    }
  });

  it("reflection needs them, health does not", async () => {
    const reflection = await connect({ executor: {} }, "grpc.reflection.v1.ServerReflection");
    const stream = reflection.serverReflectionInfo(bearer(undefined));
    stream.write({ listServices: "" });
    expect((await collected(stream)).error?.code).toBe(status.UNAUTHENTICATED);
    const health = await connect({ executor: {} }, "grpc.health.v1.Health");
    expect(await unary(health, "check", {}, "wrong")).toEqual({ status: "SERVING" });
  });

  const build = { ...fullBuild, projectId: "p1" };
  const executor: Offered["executor"] = {
    getBuild: async () => ({ ...fullView, build }),
    cancelBuild: async () => build,
    rerunBuild: async ({ actor }) => ({ ...build, actor }),
    decide: async ({ by }) => [{ ...fullView.approvals[0], decidedBy: by } as Loose],
    listBuilds: async () => ({ items: [build] }),
    createBuild: async () => build,
    async *watchBuild() {
      yield { ...fullView, build };
    },
    async *streamLogs() {
      yield { offset: 0, data: new Uint8Array([1]), at: 0 };
    },
  };
  const rights: [string, object, string, number][] = [
    ["getBuild", { buildId: "b1" }, "reader", status.OK],
    ["getBuild", { buildId: "b1" }, "stranger", status.NOT_FOUND],
    ["listBuilds", { projectId: "p1" }, "reader", status.OK],
    ["listBuilds", {}, "reader", status.PERMISSION_DENIED],
    ["listBuilds", { projectId: "p1" }, "stranger", status.NOT_FOUND],
    ["listBuilds", {}, "admin", status.OK],
    ["cancelBuild", { buildId: "b1" }, "reader", status.PERMISSION_DENIED],
    ["cancelBuild", { buildId: "b1" }, "writer", status.OK],
    ["cancelBuild", { buildId: "b1" }, "stranger", status.NOT_FOUND],
    ["rerunBuild", { buildId: "b1", all: {} }, "reader", status.PERMISSION_DENIED],
    ["rerunBuild", { buildId: "b1", all: {} }, "writer", status.OK],
    ["rerunBuild", { buildId: "b1", all: {}, actor: "eve" }, "writer", status.PERMISSION_DENIED],
    ["rerunBuild", { buildId: "b1" }, "writer", status.INVALID_ARGUMENT],
    ["decideApprovals", { buildId: "b1", approve: true }, "writer", status.OK],
    ["decideApprovals", { buildId: "b1", approve: true, override: true }, "writer", status.PERMISSION_DENIED],
    ["decideApprovals", { buildId: "b1", approve: true, override: true }, "admin", status.OK],
    ["decideApprovals", { buildId: "b1", approve: true, by: "root" }, "writer", status.PERMISSION_DENIED],
    ["createBuild", {}, "writer", status.PERMISSION_DENIED],
    ["watchBuild", { buildId: "b1" }, "reader", status.OK],
    ["watchBuild", { buildId: "b1" }, "stranger", status.NOT_FOUND],
    ["streamLogs", { stepId: "s1" }, "reader", status.OK],
    ["streamLogs", { stepId: "s1" }, "stranger", status.NOT_FOUND],
    ["streamLogs", { stepId: "s9" }, "reader", status.NOT_FOUND],
    ["streamLogs", { stepId: "s1" }, "admin", status.OK],
  ];
  it.each(rights)("%s %j by %s is %i", async (method, request, token, expected) => {
    const client = await connect({ executor });
    if (client[method].responseStream) {
      const { error, messages } = await collected(client[method](request, bearer(token)));
      expect([error?.code ?? status.OK, messages.length]).toEqual([expected, expected === status.OK ? 1 : 0]);
      return;
    }
    const code = await unary(client, method, request, token).then(
      () => status.OK,
      (error: ServiceError) => error.code,
    );
    expect(code).toBe(expected);
  });

  it("name who acts: a token its holder, a service whom it says", async () => {
    const client = await connect({ executor });
    const rerun = (actor: string, token: string) =>
      unary(client, "rerunBuild", { buildId: "b1", actor, all: {} }, token);
    expect((await rerun("", "writer")).build.actor).toBe("ada");
    expect((await rerun("ada", "writer")).build.actor).toBe("ada");
    expect((await rerun("eve", SERVICE_SECRET)).build.actor).toBe("eve");
    const decided = await unary(client, "decideApprovals", { buildId: "b1", approve: true }, "writer");
    expect(decided.approvals[0].decidedBy).toBe("ada");
  });
});

describe("health", () => {
  it("tells each service, and changes as they happen", async () => {
    const client = await connect({ executor: {} }, "grpc.health.v1.Health");
    const check = (service: string) => unary(client, "check", { service });
    expect(await check("ci.v1.ExecutorService")).toEqual({ status: "SERVING" });
    expect((await refusal(check("ci.v1.PipelineService"))).code).toBe(status.NOT_FOUND);

    const seen: string[] = [];
    const stream: ClientReadableStream<Loose> = client.watch({ service: "ci.v1.ExecutorService" });
    stream.on("data", (message: Loose) => seen.push(message.status));
    stream.on("error", () => {});
    await expect.poll(() => seen).toEqual(["SERVING"]);
    server?.health.set("ci.v1.ExecutorService", false);
    await expect.poll(() => seen).toEqual(["SERVING", "NOT_SERVING"]);
    server?.health.set("ci.v1.ExecutorService", true);
    await expect.poll(() => seen).toEqual(["SERVING", "NOT_SERVING", "SERVING"]);
    expect((await unary(client, "list", {})).statuses).toEqual({
      "": { status: "SERVING" },
      "ci.v1.ExecutorService": { status: "SERVING" },
    });
    stream.cancel();

    const unknown: ClientReadableStream<Loose> = client.watch({ service: "nothing" });
    unknown.on("error", () => {});
    expect(await new Promise((resolve) => unknown.once("data", resolve))).toEqual({
      status: "SERVICE_UNKNOWN",
    });
    unknown.cancel();
  });
});

describe.each(["v1", "v1alpha"])("reflection %s", (version) => {
  async function ask(...questions: object[]): Promise<Loose[]> {
    const client = await connect(
      { executor: {}, pipelines: {} },
      `grpc.reflection.${version}.ServerReflection`,
    );
    const stream = client.serverReflectionInfo(bearer("reader"));
    const answers = collected(stream);
    for (const question of questions) stream.write(question);
    stream.end();
    const { messages, error } = await answers;
    expect(error).toBeUndefined();
    return messages;
  }

  it("lists the services", async () => {
    const [{ listServicesResponse }] = (await ask({ listServices: "" })) as [Loose];
    expect(listServicesResponse.service.map(({ name }: Loose) => name)).toEqual([
      "ci.v1.ExecutorService",
      "ci.v1.PipelineService",
      "grpc.health.v1.Health",
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection",
    ]);
  });

  it("gives descriptors from which a client that knows nothing can call", async () => {
    const [answer] = (await ask({ fileContainingSymbol: "ci.v1.ExecutorService" })) as [Loose];
    const { loadFileDescriptorSetFromBuffer } = await import("@grpc/proto-loader");
    const files: Buffer[] = answer.fileDescriptorResponse.fileDescriptorProto;
    const set = Buffer.concat(files.map((file) => Buffer.concat([lengthPrefix(file.length), file])));
    const known = loadPackageDefinition(loadFileDescriptorSetFromBuffer(set, { enums: String })) as Loose;
    server?.health.set("", true);
    const client = new known.ci.v1.ExecutorService(
      server?.url.replace("http://", ""),
      channelCredentials.createInsecure(),
    );
    clients.push(client);
    expect((await refusal(unary(client, "getBuild", {}, "wrong"))).code).toBe(status.UNAUTHENTICATED);
  });

  it("finds files and symbols, and says what there is not", async () => {
    const symbols = [
      "ci.v1.Build",
      "ci.v1.BuildStatus",
      "ci.v1.PipelineService.GetPipeline",
      ".ci.v1.Caller.Kind",
      "ci.v1.Build.id",
    ];
    const answers = await ask(
      { fileByFilename: "ci/v1/build.proto" },
      ...symbols.map((fileContainingSymbol) => ({ fileContainingSymbol })),
      { allExtensionNumbersOfType: "ci.v1.Build" },
      { fileByFilename: "nothing.proto" },
      { fileContainingSymbol: "ci.v1.Nothing" },
      { fileContainingExtension: { containingType: "ci.v1.Build", extensionNumber: 1 } },
      { allExtensionNumbersOfType: "ci.v1.Nothing" },
      {},
    );
    const kinds = answers.map(
      ({ messageResponse, errorResponse }) => errorResponse?.errorCode ?? messageResponse,
    );
    expect(kinds).toEqual([
      ...Array.from({ length: 6 }, () => "fileDescriptorResponse"),
      "allExtensionNumbersResponse",
      ...Array.from({ length: 4 }, () => status.NOT_FOUND),
      status.INVALID_ARGUMENT,
    ]);
  });
});

/** Of field 1 of a FileDescriptorSet. */
function lengthPrefix(length: number): Buffer {
  const bytes = [0x0a];
  let rest = length;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}
