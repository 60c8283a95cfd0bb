import { afterEach, describe, expect, it } from "vitest";
import type { BuildView, ExecutorService, LogPiece } from "../../builds/service/executor-service.ts";
import { systemClock } from "../../clock.ts";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { FakeClock } from "../../fake-clock.ts";
import type { Principal } from "../../identity/principal.ts";
import type { BuildStatus } from "../../store/build-record.ts";
import { GrpcExecutorService } from "./grpc-executor-service.ts";
import { GrpcPipelineService } from "./grpc-pipeline-service.ts";
import { type GrpcChannel, openGrpcChannel } from "./open-grpc-channel.ts";
import { bareBuild, fullApproval, fullBuild, fullView, pipeline } from "./records.fixture.ts";
import {
  type Offered,
  revoked,
  type ScriptedServer,
  SERVICE_SECRET,
  startScripted,
} from "./scripted-services.fixture.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  revoked.clear();
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(offered: Offered): Promise<ScriptedServer> {
  const server = await startScripted(offered);
  closing.push(() => server.close(1_000));
  return server;
}

function channelTo(server: Pick<ScriptedServer, "url">, bearer = SERVICE_SECRET): GrpcChannel {
  const channel = openGrpcChannel({ url: server.url, bearer });
  closing.push(() => channel.close());
  return channel;
}

async function remote(script: Partial<ExecutorService>, bearer = SERVICE_SECRET) {
  const server = await serve({ executor: script });
  return { server, executor: new GrpcExecutorService(channelTo(server, bearer), { clock: systemClock }) };
}

const never = new AbortController().signal;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
}

function view(version: number, status: BuildStatus = "running"): BuildView {
  return { ...fullView, build: { ...bareBuild, version, status } };
}

describe("GrpcExecutorService", () => {
  it("passes every call and its answer on", async () => {
    const asked: unknown[] = [];
    const say =
      <A extends readonly unknown[], R>(answer: R) =>
      async (...args: A): Promise<R> => {
        asked.push(...args);
        return answer;
      };
    const { executor } = await remote({
      createBuild: say(bareBuild),
      getBuild: say(fullView),
      listBuilds: say({ items: [bareBuild, fullBuild], next: "more" }),
      cancelBuild: say(fullBuild),
      rerunBuild: say(bareBuild),
      decide: say([fullApproval]),
    });
    const create = {
      id: "b1",
      projectId: "p1",
      pipelineId: "l1",
      trigger: "api",
      actor: "ada",
      event: "push",
      ref: "refs/heads/main",
      sha: "a",
      file: "ci.yml",
      content: "x".repeat(1_000_000),
      workflow: "CI",
      title: "CI",
      github: { a: [1, null] },
      inputs: {},
      vars: {},
    } as const;
    expect(await executor.createBuild(create)).toStrictEqual(bareBuild);
    expect(await executor.getBuild("b1")).toStrictEqual(fullView);
    const filter = { projectId: "p1", status: ["failed"] } as const;
    expect(await executor.listBuilds(filter, { limit: 2, cursor: "c" })).toStrictEqual({
      items: [bareBuild, fullBuild],
      next: "more",
    });
    expect(await executor.cancelBuild("b1", "enough")).toStrictEqual(fullBuild);
    const rerun = { buildId: "b1", actor: "eve", what: { kind: "job", key: "test[1]" } } as const;
    expect(await executor.rerunBuild(rerun)).toStrictEqual(bareBuild);
    const decision = { buildId: "b1", by: "eve", override: true, approve: false, comment: "no" };
    expect(await executor.decide(decision)).toStrictEqual([fullApproval]);
    expect(asked).toStrictEqual([
      create,
      "b1",
      filter,
      { limit: 2, cursor: "c" },
      "b1",
      "enough",
      rerun,
      decision,
    ]);
  });

  it("tells no next page where there is none", async () => {
    const { executor } = await remote({ listBuilds: async () => ({ items: [] }) });
    expect(await executor.listBuilds({}, { limit: 1 })).toStrictEqual({ items: [] });
  });

  const errors: [ExecErrorCode, boolean, number | undefined][] = [
    ["InvalidSpec", false, undefined],
    ["NotFound", false, undefined],
    ["Conflict", true, 0],
    ["Transient", true, 1_500],
    ["Transient", false, undefined],
    ["Timeout", true, undefined],
    ["Cancelled", false, undefined],
    ["Permanent", false, undefined],
    ["Unauthorized", false, undefined],
    ["Forbidden", false, undefined],
    ["QuotaExceeded", true, 60_000],
  ];
  it.each(errors)(
    "brings %s back as it was (retryable %s, after %s)",
    async (code, retryable, retryAfterMs) => {
      const message = `größer: 100 % of\n  ${"line\n".repeat(1_000)}`;
      const thrown = new ExecError(code, message, {
        retryable,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
      const { executor } = await remote({ getBuild: () => Promise.reject(thrown) });
      const error = await executor.getBuild("b1").catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ExecError);
      expect(error).toMatchObject({ code, message, retryable, retryAfterMs });
    },
  );

  it("says Transient of a server that is not there, Timeout of one that does not answer", async () => {
    const { executor, server } = await remote({ getBuild: () => new Promise(() => {}) });
    const hasty = new GrpcExecutorService(channelTo(server), { clock: systemClock, timeoutMs: 50 });
    await expect(hasty.getBuild("b1")).rejects.toMatchObject({ code: "Timeout", retryable: true });
    await server.close(100);
    await expect(executor.getBuild("b1")).rejects.toMatchObject({ code: "Transient", retryable: true });
  });

  it("says Unauthorized of wrong credentials", async () => {
    const { executor } = await remote({}, "wrong");
    await expect(executor.getBuild("b1")).rejects.toMatchObject({ code: "Unauthorized" });
    await expect(all(executor.watchBuild("b1", never))).rejects.toMatchObject({ code: "Unauthorized" });
  });
});

describe("a watched build", () => {
  it("is told until it has ended", async () => {
    const { executor } = await remote({
      async *watchBuild() {
        yield view(1);
        yield view(1);
        yield view(5, "succeeded");
      },
    });
    const seen = await all(executor.watchBuild("b1", never));
    expect(seen.map(({ build }) => build.version)).toEqual([1, 1, 5]);
  });

  it("goes on after its server was cut off, without a repeat", async () => {
    const first = await serve({
      executor: {
        async *watchBuild(_, signal) {
          yield view(1);
          yield view(2);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
    });
    const executor = new GrpcExecutorService(channelTo(first), { clock: systemClock });
    const seen: number[] = [];
    const watching = (async () => {
      for await (const { build } of executor.watchBuild("b1", never)) seen.push(build.version);
    })();
    await expect.poll(() => seen).toEqual([1, 2]);
    await first.close(0);
    await serve({
      options: { port: first.port },
      executor: {
        async *watchBuild() {
          yield view(2);
          yield view(3, "failed");
        },
      },
    });
    await watching;
    expect(seen).toEqual([1, 2, 3]);
  });

  it("ends where the watcher goes, on both sides", async () => {
    let ended = false;
    const { executor } = await remote({
      async *watchBuild(_, signal) {
        try {
          yield view(1);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        } finally {
          ended = true;
        }
      },
    });
    const stop = new AbortController();
    const seen: BuildView[] = [];
    for await (const each of executor.watchBuild("b1", stop.signal)) {
      seen.push(each);
      stop.abort();
    }
    expect(seen).toHaveLength(1);
    await expect.poll(() => ended).toBe(true);
  });

  it("that is not there is NotFound, and is not asked for again", async () => {
    let asked = 0;
    const { executor } = await remote({
      // biome-ignore lint/correctness/useYield: it fails at once
      async *watchBuild() {
        asked++;
        throw new ExecError("NotFound", "no such build");
      },
    });
    await expect(all(executor.watchBuild("b1", never))).rejects.toMatchObject({ code: "NotFound" });
    expect(asked).toBe(1);
  });

  it("is given up where its server stays away", async () => {
    const { server } = await remote({});
    await server.close(0);
    const clock = new FakeClock();
    const executor = new GrpcExecutorService(channelTo(server), { clock, reconnectMs: 60_000 });
    let settled = false;
    const outcome = all(executor.watchBuild("b1", never))
      .catch((error: unknown) => error)
      .finally(() => {
        settled = true;
      });
    while (!settled) {
      clock.advance(5_000);
      await new Promise(setImmediate);
    }
    expect(await outcome).toMatchObject({ code: "Transient" });
  });

  describe("with a token that is revoked meanwhile", () => {
    const watched = async (watchBuild: ExecutorService["watchBuild"]) => {
      const clock = new FakeClock();
      const server = await serve({
        options: { clock },
        executor: { getBuild: async () => fullView, watchBuild },
      });
      const executor = new GrpcExecutorService(channelTo(server, "reader"), { clock: systemClock });
      const seen: number[] = [];
      const watching = (async () => {
        for await (const { build } of executor.watchBuild("b1", never)) seen.push(build.version);
      })();
      const outcome = watching.catch((error: unknown) => error);
      await expect.poll(() => seen).toEqual([1]);
      return { clock, seen, outcome };
    };
    const away = (signal: AbortSignal) =>
      new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

    it("is told no more", async () => {
      const next = Promise.withResolvers<void>();
      const { clock, seen, outcome } = await watched(async function* () {
        yield view(1);
        await next.promise;
        yield view(2);
      });
      revoked.add("reader");
      clock.advance(5_000);
      next.resolve();
      expect(await outcome).toMatchObject({ code: "Unauthorized" });
      expect(seen).toEqual([1]);
      expect(clock.pending).toBe(0);
    });

    it("is followed no more, also where nothing happens to it", async () => {
      let ended = false;
      const { clock, outcome } = await watched(async function* (_buildId, signal) {
        yield view(1);
        await away(signal);
        ended = true;
      });
      for (let looks = 0; looks < 3; looks += 1) {
        clock.advance(5_000);
        await expect.poll(() => clock.pending).toBe(1);
      }
      expect(ended).toBe(false);
      revoked.add("reader");
      clock.advance(5_000);
      expect(await outcome).toMatchObject({ code: "Unauthorized" });
      expect([ended, clock.pending]).toEqual([true, 0]);
    });
  });
});

describe("a log", () => {
  const text = Buffer.from(Array.from({ length: 5_000 }, (_, line) => `line ${line}\n`).join(""));

  async function* pieces(from: number, to = text.length): AsyncGenerator<LogPiece> {
    for (let offset = from; offset < to; offset += 1_000)
      yield { offset, data: new Uint8Array(text.subarray(offset, Math.min(to, offset + 1_000))), at: 1 };
  }

  it("goes on at the byte after a cut, also where its server stops in order", async () => {
    const asked: number[] = [];
    const first = await serve({
      executor: {
        async *streamLogs({ offset = 0 }, signal) {
          asked.push(offset);
          yield* pieces(offset, 12_000);
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
        },
      },
    });
    const executor = new GrpcExecutorService(channelTo(first), { clock: systemClock });
    const seen: Uint8Array[] = [];
    const reading = (async () => {
      for await (const { data } of executor.streamLogs({ stepId: "s1", follow: true }, never))
        seen.push(data);
    })();
    await expect.poll(() => Buffer.concat(seen).length).toBe(12_000);
    await first.close(1_000);
    await serve({
      options: { port: first.port },
      executor: {
        streamLogs({ offset = 0 }) {
          asked.push(offset);
          return pieces(offset);
        },
      },
    });
    await reading;
    expect(Buffer.concat(seen).equals(text)).toBe(true);
    expect(asked).toEqual([0, 12_000]);
  });

  it("that is whole is not asked for again", async () => {
    let asked = 0;
    const { executor } = await remote({
      streamLogs({ offset = 0 }) {
        asked++;
        return pieces(offset);
      },
    });
    const request = { stepId: "s1", offset: 6, end: 20, follow: false };
    const seen = await all(executor.streamLogs(request, never));
    expect(seen[0]?.offset).toBe(6);
    expect(asked).toBe(1);
  });
});

describe("GrpcPipelineService", () => {
  const ada: Principal = {
    kind: "token",
    id: "t1",
    name: "Ada Größe",
    permissions: ["project:write"],
    projectId: "p1",
  };

  it("calls for whoever asks", async () => {
    const asked: unknown[][] = [];
    const say =
      <A extends readonly unknown[], R>(answer: R) =>
      async (...args: A): Promise<R> => {
        asked.push([...args]);
        return answer;
      };
    const server = await serve({
      pipelines: {
        createPipeline: say(pipeline),
        getPipeline: say(pipeline),
        listPipelines: say([pipeline]),
        startPipelineBuild: say(bareBuild),
      },
    });
    const pipelines = new GrpcPipelineService(channelTo(server), { clock: systemClock });
    expect(await pipelines.createPipeline(ada, { projectId: "p1", path: "ci.yml" })).toStrictEqual(pipeline);
    expect(await pipelines.getPipeline(ada, "p1", "CI")).toStrictEqual(pipeline);
    expect(await pipelines.listPipelines(ada, "p1")).toStrictEqual([pipeline]);
    const start = { projectId: "p1", inputs: { a: "" }, vars: {}, buildId: "b1" };
    expect(await pipelines.startPipelineBuild(ada, start)).toStrictEqual(bareBuild);
    expect(asked).toStrictEqual([
      [ada, { projectId: "p1", path: "ci.yml" }],
      [ada, "p1", "CI"],
      [ada, "p1"],
      [ada, start],
    ]);
  });

  it("cannot call for others with a token", async () => {
    const server = await serve({ pipelines: {} });
    const pipelines = new GrpcPipelineService(channelTo(server, "admin"), { clock: systemClock });
    await expect(pipelines.listPipelines(ada, "p1")).rejects.toMatchObject({ code: "Forbidden" });
  });
});
