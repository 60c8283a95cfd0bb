import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";
import { TestServer } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";
import { jobYaml as job, pipelineYaml as pipeline } from "./yaml.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

const SECRET = "s3cr3t-value";
const MASKED = "m4sked-value";

/** Timers of at least so long are up at once. */
function hurried(fromMs: number): Clock {
  return { ...systemClock, after: (ms, callback) => systemClock.after(ms >= fromMs ? 1 : ms, callback) };
}

/** Everything a build left in the records, logs included. */
async function everything(id: string): Promise<string> {
  const { build, jobs, steps } = await server.result(id);
  const logs = await Promise.all(steps.map((step) => server.log(step.id)));
  const { builds } = server.store;
  const rest = [await builds.facts(id), await builds.annotations(id), await builds.warnings(id)];
  return JSON.stringify([build, jobs, steps, logs, rest, server.told]);
}

describe("secrets", () => {
  test("are hidden wherever they land, over the borders of chunks too, and so is what a runner masks", async () => {
    const script = [
      `mask ${MASKED}`,
      `plain ${SECRET} here`,
      `part cut s3cr`,
      `part 3t-val`,
      `part ue end`,
      `annotate it was ${SECRET}`,
      `summary # ${MASKED}`,
      `o=${SECRET}-and-${MASKED}`,
      `part the last s3cr3t`,
    ].join("\n");
    const result = await server.run(
      pipeline(
        {
          a: job(script, 'outputs: { o: "${{ steps.s.outputs.o }}" }'),
          b: job(
            "exit 1",
            'needs: a, name: "Use ${{ needs.a.outputs.o }} ${{ vars.V }}", environment: "${{ vars.V }}"',
          ),
          c: job("x", `strategy: { matrix: { v: ["${SECRET}"] } }`),
        },
        `on: push\nrun-name: Run with ${SECRET}`,
      ),
      { secrets: { TOKEN: SECRET }, build: { vars: { V: SECRET } } },
    );
    expect(result.job("a").outputs).toEqual({ o: "***-and-***" });
    expect(await server.logOf(result.job("a"), 1)).toBe("plain *** here\ncut *** endthe last s3cr3t");
    expect(result.build.title).toBe("Run with ***");
    expect(result.job("b")).toMatchObject({ name: "Use ***-and-*** ***", environment: "***" });
    expect(result.job("c[0]")).toMatchObject({ name: "c (***)", matrix: { v: "***" } });
    const all = await everything(result.build.id);
    expect(all).toContain("it was ***");
    expect(all).not.toContain(SECRET);
    expect(all).not.toContain(MASKED);
  });

  test("of an environment are given to its jobs, hidden, and to no others", async () => {
    const executor = new FakeExecutor();
    const own = "0nly-here";
    const result = await server.run(
      pipeline({ a: job(`say ${own}`, "environment: prod"), b: job("x", "needs: a") }),
      {
        executor,
        secretsOf: async (_project, environment) => ({
          A: SECRET,
          ...(environment === "prod" ? { B: own } : {}),
        }),
      },
    );
    expect(executor.requests.map(({ contexts }) => contexts.secrets)).toEqual([
      { A: SECRET, B: own },
      { A: SECRET },
    ]);
    expect(await server.logOf(result.job("a"), 1)).toBe("say ***\n");
  });

  test("that may have begun where a worker died are not lost with it: their frames come again", async () => {
    const executor = new FakeExecutor({ outlives: true, now: () => Date.now() });
    const content = pipeline({
      a: '{ runs-on: x, steps: [{ run: first }, { run: "part cut s3cr\\nhold gate\\npart 3t-value end" }] }',
    });
    const { id } = await server.create(content);
    const parts = { executor, secrets: { TOKEN: SECRET } };
    const first = server.follow(startClaimedBuild(await server.claim(id), server.parts(parts)));
    await server.until(async () => {
      const [row] = await server.store.builds.jobs(id);
      const steps = await server.store.builds.steps(id);
      return row !== undefined && row.frameSeq > 0 && steps[1]?.status === "running";
    });
    await first.abandon();
    await server.store.builds.releaseAll();
    const second = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts(parts)));
    executor.open("gate");
    expect(await second.ended).toBe("finished");
    const result = await server.result(id);
    expect(result.jobs).toHaveLength(1);
    expect(await server.logOf(result.job("a"), 1)).toBe("first\n");
    expect(await server.logOf(result.job("a"), 2)).toBe("cut *** end");
  });
});

describe("frames", () => {
  test("that come twice are recorded once, and gaps are told in the job's own log", async () => {
    const result = await server.run(pipeline({ a: job("twice\none\nskip 2\ntwo\nskip 1\nannotate once") }));
    const row = result.job("a");
    expect(await server.logOf(row, 1)).toBe("one\ntwo\n");
    expect(await server.logOf(row, 0)).toBe(
      "##[warning]Frames 5 to 6 of this job never arrived: a part of its log or of its steps is missing here.\n" +
        "##[warning]Frame 8 of this job never arrived: a part of its log or of its steps is missing here.\n",
    );
    expect(await server.store.builds.annotations(result.build.id)).toHaveLength(1);
    expect(result.steps.map(({ number, status }) => [number, status])).toEqual([
      [0, "succeeded"],
      [1, "succeeded"],
    ]);
  });
});

describe("the end of a step", () => {
  function withFlush(flush: LogSink["flush"]): LogSink {
    const { logs } = server;
    return {
      append: (ref, chunk) => logs.append(ref, chunk),
      flush,
      end: (ref) => logs.end(ref),
      stream: (ref, options) => logs.stream(ref, options),
      stat: (ref) => logs.stat(ref),
      close: () => logs.close(),
    };
  }

  test("is in the records only once its log is, and the job's after it", async () => {
    const gate = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const logs = withFlush(async (refs) => {
      asked.resolve();
      await gate.promise;
      await server.logs.flush(refs);
    });
    const content = pipeline({ a: "{ runs-on: x, steps: [{ run: one }, { run: two }] }" });
    const { id, run } = await server.start(content, { logs });
    await asked.promise;
    await server.until(async () => (await server.store.builds.steps(id)).length === 2);
    const steps = await server.store.builds.steps(id);
    expect(steps.map(({ status }) => status)).toEqual(["running", "running"]);
    expect((await server.result(id)).states).toEqual({ a: "running" });
    gate.resolve();
    await run.ended;
    expect((await server.result(id)).steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded"]);
  });

  test("is recorded, too, where its log cannot be kept for good", async () => {
    const said: string[] = [];
    const logs = withFlush(async () => {
      throw new ExecError("Permanent", "this log is gone");
    });
    const logger: Logger = {
      ...silentLogger,
      error: (_fields, message) => said.push(message),
      child: () => logger,
    };
    const result = await server.run(pipeline({ a: job("one") }), { logs, logger });
    expect(result.states).toEqual({ a: "succeeded" });
    expect(said).toEqual(["A log could not be kept: this log is gone"]);
  });
});

describe("outputs", () => {
  test("beyond a megabyte fail their job, and say so", async () => {
    const outputs = 'outputs: { o: "${{ steps.s.outputs.o }}" }';
    const result = await server.run(
      pipeline({ a: job("large o 600000", outputs), b: job("large o 500000", outputs) }),
    );
    expect(result.states).toEqual({ a: "failed", b: "succeeded" });
    expect(result.job("a")).toMatchObject({
      outputs: {},
      error: "Its outputs are 1.1 MB, a job may have 1.0 MB.",
    });
  });
});

describe("a lost place", () => {
  test("is another attempt, with a record of its own; the lost one says why", async () => {
    const result = await server.run(pipeline({ a: job("one\nlose 1\ntwo"), b: job("x", "needs: a") }));
    expect(result.status).toBe("succeeded");
    const [lost, again] = result.jobs.filter(({ key }) => key === "a");
    expect(lost).toMatchObject({
      attempt: 1,
      latest: false,
      status: "failed",
      infrastructureFailure: true,
      error: "the place was lost",
    });
    expect(again).toMatchObject({
      attempt: 2,
      latest: true,
      status: "succeeded",
      infrastructureFailure: false,
    });
    if (lost === undefined) throw new Error("there is no lost attempt");
    expect(await server.logOf(lost, 1)).toBe("one\n");
    expect(await server.logOf(lost, 0)).toBe("##[error]the place was lost Attempt 2 in 0 s.\n");
    const steps = await server.store.builds.stepsOfJob(lost.id);
    expect(steps.map(({ number, status, error }) => [number, status, error])).toEqual([
      [0, "failed", undefined],
      [1, "failed", "the place was lost"],
    ]);
  });

  test("is waited for with the delay of the policy, and told meanwhile", async () => {
    const delays: number[] = [];
    const infrastructureRetry = {
      limit: 5,
      delayMs: (attempt: number) => {
        delays.push(attempt);
        return attempt * 1000;
      },
    };
    const { id, run } = await server.start(pipeline({ a: job("lose 9") }), { infrastructureRetry });
    const waits = await server.until(async () =>
      (await server.store.builds.jobs(id)).find(({ attempt }) => attempt === 2),
    );
    expect(waits).toMatchObject({
      status: "pending",
      reason: "its place was lost (the place was lost); attempt 2 in 2 s",
    });
    run.cancel("enough");
    await run.ended;
    expect((await server.result(id)).states).toEqual({ a: "cancelled" });
    expect(delays).toEqual([2]);
  });

  test.each([
    ["beyond the limit", "lose 9", 3],
    ["that cannot be had, beyond the limit", "no place", 3],
  ])("%s fails the job", async (_when, script, attempts) => {
    const result = await server.run(pipeline({ a: job(script) }));
    expect(result.jobs).toHaveLength(attempts);
    expect(result.job("a")).toMatchObject({ status: "failed", infrastructureFailure: true, latest: true });
  });

  test("is limited by the project's own number", async () => {
    const own = await TestServer.open({ infrastructureRetries: 0 });
    try {
      expect((await own.run(pipeline({ a: job("lose 9") }))).jobs).toHaveLength(1);
    } finally {
      await own.close();
    }
  });

  test.each([
    ["a failing step", {}, "exit 1"],
    [
      "an error that stays",
      {
        jobEnvironment: async () => {
          throw new ExecError("Permanent", "there is no such machine");
        },
      },
      "x",
    ],
  ])("is not what %s is: that is never tried again", async (_what, parts, script) => {
    const result = await server.run(pipeline({ a: job(script) }), parts);
    expect(result.jobs).toMatchObject([{ status: "failed", infrastructureFailure: false }]);
  });
});

describe("time", () => {
  test("of a build that is up cancels it, and it has failed", async () => {
    const result = await server.run(
      pipeline({ a: job("hold gate"), b: job("still", "if: always(), needs: a"), c: job("x", "needs: a") }),
      { limits: { maxJobs: 9, maxJobsPerProject: 9, maxBuildMinutes: 0.001 } },
    );
    expect(result.build).toMatchObject({
      status: "failed",
      errorCode: "Timeout",
      error: "The build has exceeded the maximum execution time of 0.001 minutes.",
    });
    expect(result.states).toEqual({ a: "cancelled", b: "succeeded", c: "cancelled" });
  });

  test("of a build that was up before its worker died still makes it fail", async () => {
    const limits = { maxJobs: 9, maxJobsPerProject: 9, maxBuildMinutes: 0.0001 };
    const content = pipeline({ a: job("hold gate"), b: job("hold last", "if: always(), needs: a") });
    const { id, run } = await server.start(content, { limits });
    await server.untilJob(id, "b", "running");
    await run.abandon();
    await server.store.builds.releaseAll();
    server.executor.open("last");
    const again = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts()));
    expect(await again.ended).toBe("finished");
    expect((await server.result(id)).build).toMatchObject({ status: "failed", errorCode: "Timeout" });
  });

  test("of a job is held here, too, where its runner does not", async () => {
    const result = await server.run(pipeline({ a: job("stubborn\nhold gate", "timeout-minutes: 1") }), {
      clock: hurried(60_000),
      limits: { maxJobs: 9, maxJobsPerProject: 9, maxBuildMinutes: Number.POSITIVE_INFINITY },
    });
    expect(result.job("a")).toMatchObject({ status: "failed" });
    expect(result.job("a").error).toContain("maximum execution time of 1 minutes");
    expect(result.jobs).toHaveLength(1);
  });
});
