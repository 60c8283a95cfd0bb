import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ExecError } from "../../errors.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import type { Json } from "../../json.ts";
import { failingStore } from "./mortal-process.fixture.ts";
import { TestServer } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";
import { jobYaml as job, pipelineYaml as pipeline } from "./yaml.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

/** A build whose records hold these facts, claimed by a second worker. */
async function withFacts(content: string, facts: readonly Json[]) {
  const { id } = await server.create(content);
  const first = await server.claim(id);
  await server.store.builds.advance(
    first.lease,
    facts.map((fact, index) => ({ kind: "fact", seq: index + 1, fact })),
  );
  await server.store.builds.releaseAll();
  return { id, claim: await server.claim(id, "w2") };
}

describe("a build that is resumed", () => {
  test.each([
    [
      "of a newer program",
      [{ v: 2, kind: "started" }],
      "Permanent",
      "it is of version 2, this program knows 1",
    ],
    ["of an unknown kind", [{ v: 1, kind: "dreamt" }], "Permanent", "its kind is 'dreamt'"],
    ["that are none", ["nonsense"], "Permanent", "it is no fact"],
    ["without a text", [{ v: 1, kind: "workflow-loaded", job: "a" }], "Permanent", "no text"],
    [
      "with a called workflow that no longer parses",
      [
        { v: 1, kind: "started" },
        { v: 1, kind: "workflow-loaded", job: "call", content: "jobs: 3", origin: { file: "called.yml" } },
      ],
      "InvalidSpec",
      "The called workflow called.yml has mistakes",
    ],
    ["that lead nowhere", [{ v: 1, kind: "cancelled", reason: "r" }], "Permanent", "leads nowhere"],
  ])("from facts %s fails with a clear error", async (_which, facts, errorCode, error) => {
    const content = pipeline({ call: "{ uses: ./called.yml }" });
    const { id, claim } = await withFacts(content, facts);
    expect(await server.follow(startClaimedBuild(claim, server.parts())).ended).toBe("finished");
    const { build } = await server.store.builds.get(id).then((found) => ({ build: found }));
    expect(build).toMatchObject({ status: "failed", errorCode });
    expect(build.error).toContain(error);
  });

  test("by a worker that died before it had written anything begins", async () => {
    const { id, claim } = await withFacts(pipeline({ a: job("x") }), []);
    expect(claim.resumed).toBe(true);
    expect(await server.follow(startClaimedBuild(claim, server.parts())).ended).toBe("finished");
    expect((await server.result(id)).states).toEqual({ a: "succeeded" });
  });

  test("tells in the log of a job that died with its worker what became of it, after all it said before", async () => {
    const limits = { maxJobs: 1, maxJobsPerProject: 9, maxBuildMinutes: 60 };
    const other = await server.start(pipeline({ z: job("hold one") }), { limits });
    await server.untilJob(other.id, "z", "running");
    const { id, run } = await server.start(pipeline({ a: job("hold gate") }), { limits });
    await server.until(async () => (await server.store.builds.jobs(id))[0]?.reason !== undefined);
    server.executor.open("one");
    await server.untilJob(id, "a", "running");
    await run.abandon();
    await server.store.builds.releaseAll();
    server.executor.open("gate");
    const again = startClaimedBuild(await server.claim(id, "w2"), server.parts({ limits }));
    expect(await server.follow(again).ended).toBe("finished");
    const [died, second] = (await server.result(id)).jobs;
    if (died === undefined) throw new Error("there is no first attempt");
    expect([died.status, died.latest, second?.status]).toEqual(["failed", false, "succeeded"]);
    const log = await server.logOf(died, 0);
    expect(log).toContain("This job waits for other jobs");
    expect(log).toContain("##[error]The worker that ran this job is gone");
  });

  test("calls the workflow that it called before, though there is another by now", async () => {
    const content = pipeline({ call: "{ uses: ./c.yml }" });
    const old = "{ on: workflow_call, jobs: { old: { runs-on: x, steps: [{ run: 'hold gate' }] } } }";
    const { id, run } = await server.start(content, { workflows: { "./c.yml": old } });
    await server.untilJob(id, "call/old", "running");
    await run.abandon();
    await server.store.builds.releaseAll();
    server.executor.open("gate");
    const again = startClaimedBuild(await server.claim(id, "w2"), server.parts());
    expect(await server.follow(again).ended).toBe("finished");
    expect((await server.result(id)).states).toEqual({ call: "succeeded", "call/old": "succeeded" });
  });

  test("keeps the groups and slots it had", async () => {
    const limits = { maxJobs: 1, maxJobsPerProject: 1, maxBuildMinutes: 60 };
    const executor = new FakeExecutor({ outlives: true, now: () => Date.now() });
    const parts = { limits, executor };
    const content = pipeline({
      a: job("hold gate", "concurrency: g"),
      b: job("x", "needs: a, concurrency: g"),
    });
    const { id, run } = await server.start(content, parts);
    await server.untilJob(id, "a", "running");
    await server.until(async () => (await server.store.builds.jobs(id))[0]?.executorRef !== undefined);
    await run.abandon();
    await server.store.builds.releaseAll();
    const other = await server.start(pipeline({ c: job("x", "concurrency: g") }), parts);
    const again = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts(parts)));
    executor.open("gate");
    expect(await Promise.all([again.ended, other.run.ended])).toEqual(["finished", "finished"]);
    expect((await server.result(id)).status).toBe("succeeded");
    expect((await server.result(other.id)).status).toBe("succeeded");
    expect(executor.peak).toBe(1);
  });

  test("whose job has lost its place for the last time fails", async () => {
    const infrastructureRetry = { limit: 0, delayMs: () => 0 };
    const { id, run } = await server.start(pipeline({ a: job("hold gate") }), { infrastructureRetry });
    await server.untilJob(id, "a", "running");
    await run.abandon();
    await server.store.builds.releaseAll();
    const claim = await server.claim(id, "w2");
    const again = startClaimedBuild(claim, server.parts({ infrastructureRetry }));
    expect(await server.follow(again).ended).toBe("finished");
    const result = await server.result(id);
    expect(result.jobs).toMatchObject([
      {
        attempt: 1,
        latest: true,
        status: "failed",
        infrastructureFailure: true,
        error: "The worker that ran this job is gone, and the job with it.",
      },
    ]);
    expect(result.steps.find(({ number }) => number === 1)).toMatchObject({
      status: "failed",
      error: "The worker that ran this job is gone, and the job with it.",
    });
  });
});

describe("a called workflow", () => {
  test("that cannot be read now is asked for again", async () => {
    let asked = 0;
    const called = "{ on: workflow_call, jobs: { inner: { runs-on: x, steps: [{ run: x }] } } }";
    const good = server.parts({ workflows: { "./c.yml": called } }).loadWorkflow;
    const result = await server.run(pipeline({ call: "{ uses: ./c.yml }" }), {
      loadWorkflow:
        (build) =>
        async (...args) => {
          asked += 1;
          if (asked < 3) throw new ExecError("Transient", "the repository is away");
          return await good(build)(...args);
        },
    });
    expect(result.status).toBe("succeeded");
    expect(asked).toBe(3);
  });

  test("that is not there fails its caller at once", async () => {
    const result = await server.run(pipeline({ call: "{ uses: ./none.yml }" }));
    expect(result.job("call").error).toContain("There is no ./none.yml");
  });
});

test("records that are away for long hold up jobs that say much, and lose nothing", async () => {
  const lines = Array.from({ length: 3_000 }, (_, line) => `annotate ${line}`);
  const store = failingStore(server.store, 12, 4, "before");
  const result = await server.run(pipeline({ a: job(lines.join("\n")) }), { store });
  const annotations = await server.store.builds.annotations(result.build.id);
  expect(annotations.map(({ message }) => message).sort((a, b) => Number(a) - Number(b))).toEqual(
    lines.map((_, line) => String(line)),
  );
});
