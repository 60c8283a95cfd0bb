import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import type { ApprovalDecision } from "../../store/approval-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { type PartsOf, TestServer } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";
import { jobYaml as job, pipelineYaml as pipeline } from "./yaml.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

/** Events get lost, and who waits looks at once what it else would in a while. */
function deaf(): PartsOf {
  const clock: Clock = {
    ...systemClock,
    after: (ms, callback) => systemClock.after(ms >= 5_000 && ms <= 30_000 ? 5 : ms, callback),
  };
  return { events: new MemoryEventBus({ logger: silentLogger }), clock };
}

describe.each([
  ["told by events", () => ({})],
  ["told by nobody", deaf],
])("who waits, %s,", (_how, parts) => {
  test("for a concurrency group runs when it is free", async () => {
    const first = await server.start(pipeline({ a: job("hold one", "concurrency: g") }), parts());
    await server.untilJob(first.id, "a", "running");
    const second = await server.start(pipeline({ a: job("x", "concurrency: G") }), parts());
    const waiting = await server.until(async () => {
      const [row] = await server.store.builds.jobs(second.id);
      return row?.reason === "it waits for the concurrency group 'G'" && row;
    });
    expect(waiting.status).toBe("pending");
    server.executor.open("one");
    expect(await Promise.all([first.run.ended, second.run.ended])).toEqual(["finished", "finished"]);
    const { job: of } = await server.result(second.id);
    expect(of("a")).toMatchObject({ status: "succeeded", reason: "" });
  });

  test("for a concurrency group as a whole build says so before it has a job", async () => {
    const head = "on: push\nconcurrency: deploy";
    const first = await server.start(pipeline({ a: job("hold one") }, head), parts());
    await server.untilJob(first.id, "a", "running");
    const second = await server.start(pipeline({ a: job("x") }, head), parts());
    const told = await server.until(async () => {
      const warnings = await server.store.builds.warnings(second.id);
      return warnings.length > 0 && warnings;
    });
    expect(told).toEqual(["Before its jobs begin it waits for the concurrency group 'deploy'."]);
    server.executor.open("one");
    expect(await Promise.all([first.run.ended, second.run.ended])).toEqual(["finished", "finished"]);
    expect((await server.result(second.id)).status).toBe("succeeded");
    expect(await server.store.builds.warnings(first.id)).toEqual([]);
  });

  test("for a group that is cancelled in progress takes it over from a build of another worker", async () => {
    const head = "on: push\nconcurrency: { group: deploy, cancel-in-progress: true }";
    const content = pipeline({ a: job("hold one") }, head);
    const first = await server.start(content, parts());
    await server.untilJob(first.id, "a", "running");
    const second = await server.start(pipeline({ a: job("x") }, head), parts());
    await Promise.all([first.run.ended, second.run.ended]);
    expect((await server.result(first.id)).build).toMatchObject({ status: "cancelled" });
    expect((await server.result(first.id)).build.error).toContain("higher priority");
    expect((await server.result(second.id)).status).toBe("succeeded");
  });

  test("for a slot starts when one is free, over all builds", async () => {
    const limits = { maxJobs: 1, maxJobsPerProject: 9, maxBuildMinutes: 60 };
    const first = await server.start(pipeline({ a: job("hold one") }), { ...parts(), limits });
    await server.untilJob(first.id, "a", "running");
    const jobs = { b: job("x"), c: job("x") };
    const second = await server.start(pipeline(jobs), { ...parts(), limits });
    const waiting = await server.until(async () => {
      const rows = await server.store.builds.jobs(second.id);
      return rows.length === 2 && rows.every(({ reason }) => reason !== undefined) && rows[0];
    });
    expect(waiting).toMatchObject({
      status: "queued",
      reason: "it waits for other jobs: as many run as may",
    });
    await server.until(async () => (await server.logOf(waiting, 0)).includes("waits for other jobs"));
    server.executor.open("one");
    await Promise.all([first.run.ended, second.run.ended]);
    expect((await server.result(second.id)).states).toEqual({ b: "succeeded", c: "succeeded" });
    expect(server.executor.peak).toBe(1);
  });

  test("for a review goes on when it is approved", async () => {
    await environment(["ann"]);
    const { id, run } = await server.start(pipeline({ a: job("x", "environment: prod") }), parts());
    const waiting = await server.untilJob(id, "a", "waiting");
    expect(waiting).toMatchObject({ reason: "it waits for a review for 'Prod' by ann", environment: "prod" });
    expect(server.executor.requests).toEqual([]);
    await decide(id, "approved");
    await run.ended;
    expect((await server.result(id)).job("a")).toMatchObject({ status: "succeeded", reason: "" });
  });
});

async function environment(reviewers: readonly string[], approvalTimeoutMs = 3_600_000): Promise<void> {
  const at = Date.now();
  await server.store.projects.putEnvironment({
    id: "e",
    projectId: "p",
    name: "Prod",
    reviewers,
    approvalTimeoutMs,
    createdAt: at,
    updatedAt: at,
  });
}

async function decide(buildId: string, state: ApprovalDecision["state"], comment?: string): Promise<void> {
  const [approval] = await server.store.approvals.list(buildId);
  if (approval === undefined) throw new Error("nobody asked");
  const why = comment === undefined ? {} : { comment };
  await server.store.approvals.decide(approval.id, { state, by: "ann", at: Date.now(), ...why });
  server.events.publish({ type: "approval.decided", buildId, approvalId: approval.id });
}

describe("a build that only waits for what may take days", () => {
  const heard = (run: { onIdle?(listener: (idle: boolean) => void): void }) => {
    const told: boolean[] = [];
    run.onIdle?.((idle) => told.push(idle));
    return told;
  };

  test("is idle while it is reviewed, but not while another job of it runs", async () => {
    await environment(["ann"]);
    const jobs = { a: job("x", "environment: prod"), b: job("hold one") };
    const { id, run } = await server.start(pipeline(jobs));
    const told = heard(run);
    await server.untilJob(id, "a", "waiting");
    await server.untilJob(id, "b", "running");
    expect(told).toEqual([]);
    server.executor.open("one");
    await server.until(() => told.length === 1);
    await decide(id, "approved");
    await run.ended;
    expect(told).toEqual([true, false]);
  });

  test("is idle while others have its concurrency group", async () => {
    const head = "on: push\nconcurrency: deploy";
    const first = await server.start(pipeline({ a: job("hold one") }, head));
    await server.untilJob(first.id, "a", "running");
    const second = await server.start(pipeline({ a: job("x") }, head));
    const told = [heard(first.run), heard(second.run)];
    await server.until(() => told[1]?.length === 1);
    server.executor.open("one");
    await Promise.all([first.run.ended, second.run.ended]);
    expect(told).toEqual([[], [true, false]]);
  });

  test("is so no more when it is cancelled", async () => {
    await environment(["ann"]);
    const { id, run } = await server.start(pipeline({ a: job("x", "environment: prod") }));
    const told = heard(run);
    await server.until(() => told.length === 1);
    run.cancel("enough");
    await run.ended;
    expect([told, (await server.result(id)).status]).toEqual([[true, false], "cancelled"]);
  });
});

describe("a review", () => {
  const content = pipeline({ a: job("x", "environment: prod"), b: job("x", "needs: a") });

  test("that rejects a job fails it, with the reviewer's words", async () => {
    await environment(["ann"]);
    const { id, run } = await server.start(content);
    await server.untilJob(id, "a", "waiting");
    await decide(id, "rejected", "not today");
    await run.ended;
    const result = await server.result(id);
    expect(result.states).toEqual({ a: "failed", b: "skipped" });
    expect(result.job("a").error).toBe("ann rejected it for 'Prod': not today.");
  });

  test("that nobody gives in time fails the job", async () => {
    await environment(["*"], 20);
    const result = await server.run(content);
    expect(result.job("a")).toMatchObject({
      status: "failed",
      error: "Nobody reviewed it for 'Prod' in time.",
    });
    expect(await server.store.approvals.list(result.build.id)).toMatchObject([{ state: "expired" }]);
  });

  test("is not asked for where the environment has no reviewers", async () => {
    await environment([]);
    const result = await server.run(content);
    expect(result.states).toEqual({ a: "succeeded", b: "succeeded" });
    expect(result.job("a").environment).toBe("prod");
  });

  test("is no more to be given once the build was cancelled", async () => {
    await environment(["ann"]);
    const { id, run } = await server.start(content);
    await server.untilJob(id, "a", "waiting");
    run.cancel("changed my mind");
    await run.ended;
    const result = await server.result(id);
    expect(result.build.status).toBe("cancelled");
    expect(result.job("a")).toMatchObject({ status: "cancelled", reason: "changed my mind" });
    expect(await server.store.approvals.list(id)).toMatchObject([
      { state: "expired", comment: "the job was cancelled" },
    ]);
  });

  test("is asked for once, and waited for by the worker that goes on", async () => {
    await environment(["ann"]);
    const { id, run } = await server.start(content);
    await server.untilJob(id, "a", "waiting");
    await run.abandon();
    await server.store.builds.releaseAll();
    const again = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts()));
    await decide(id, "approved");
    expect(await again.ended).toBe("finished");
    expect((await server.result(id)).states).toEqual({ a: "succeeded", b: "succeeded" });
    expect(await server.store.approvals.list(id)).toHaveLength(1);
  });
});

describe("a cancel", () => {
  test("ends running jobs, and lets those run that always do; asked for again it changes nothing", async () => {
    const jobs = { a: job("hold one"), b: job("x", "needs: a, if: always()"), c: job("x", "needs: a") };
    const { id, run } = await server.start(pipeline(jobs));
    await server.untilJob(id, "a", "running");
    await server.store.builds.requestCancel(id, "by me", Date.now());
    server.events.publish({ type: "build.cancel", buildId: id, reason: "by me" });
    run.cancel("and again");
    await run.ended;
    const { build, states } = await server.result(id);
    expect(build).toMatchObject({ status: "cancelled", cancelReason: "by me" });
    expect(build.error).toBeUndefined();
    expect(states).toEqual({ a: "cancelled", b: "succeeded", c: "cancelled" });
    const facts = await server.store.builds.facts(id);
    expect(facts.filter(({ fact }) => JSON.stringify(fact).includes('cancelled","reason'))).toHaveLength(1);
  });

  test("that was asked for while nobody ran the build is found when it goes on", async () => {
    const { id, run } = await server.start(pipeline({ a: job("hold one"), b: job("x", "needs: a") }));
    await server.untilJob(id, "a", "running");
    await run.abandon();
    await server.store.builds.requestCancel(id, "too late", Date.now());
    await server.store.builds.releaseAll();
    const claim = await server.claim(id, "w2");
    expect(await server.follow(startClaimedBuild(claim, server.parts())).ended).toBe("finished");
    const { build, states } = await server.result(id);
    expect(build.status).toBe("cancelled");
    expect(states).toEqual({ a: "cancelled", b: "cancelled" });
  });

  test("that comes before anything was read cancels all of it", async () => {
    const { id, run } = await server.start(pipeline({ a: job("x") }));
    run.cancel("at once");
    await run.ended;
    const { build, states } = await server.result(id);
    expect(build.status).toBe("cancelled");
    expect(states).toEqual({ a: "cancelled" });
  });

  test("reaches who waits for a slot or for a group", async () => {
    const limits = { maxJobs: 1, maxJobsPerProject: 1, maxBuildMinutes: 60 };
    const first = await server.start(pipeline({ a: job("hold one", "concurrency: g") }), { limits });
    await server.untilJob(first.id, "a", "running");
    const jobs = { b: job("x"), c: job("x", "concurrency: g") };
    const second = await server.start(pipeline(jobs), { limits });
    await server.until(async () =>
      (await server.store.builds.jobs(second.id)).every(
        ({ reason }) => reason?.startsWith("it waits") === true,
      ),
    );
    second.run.cancel("enough");
    await second.run.ended;
    expect((await server.result(second.id)).states).toEqual({ b: "cancelled", c: "cancelled" });
    server.executor.open("one");
    await first.run.ended;
    expect((await server.result(first.id)).status).toBe("succeeded");
  });
});
