import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { PlatformEvent } from "../../events/platform-event.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { Platform, settled, until } from "../worker/worker.fixture.ts";
import { createExecutorService } from "./create-executor-service.ts";
import type { BuildView, CreateBuildRequest, ExecutorService } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";

const SECOND = 1_000;
let platform: Platform;
let service: ExecutorService;

beforeEach(async () => {
  platform = await Platform.open();
  await platform.project("one");
  await platform.project("two");
  service = serviceWith();
});
afterEach(() => platform.close());

function serviceWith(parts: Partial<ExecutorServiceParts> = {}): ExecutorService {
  const { store, queue, events, clock } = platform;
  return createExecutorService({ store, queue, events, logs: noLogs, clock, logger: silentLogger, ...parts });
}

const noLogs: Pick<LogSink, "stream"> = { async *stream() {} };

function request(id: string, more: Partial<CreateBuildRequest> = {}): CreateBuildRequest {
  return {
    id,
    projectId: "one",
    pipelineId: "one-ci",
    trigger: "api",
    actor: "ann",
    event: "workflow_dispatch",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
    file: "ci.yml",
    content: "jobs: {}",
    workflow: "ci",
    title: "Try it",
    github: { event_name: "workflow_dispatch", actor: "ann", triggering_actor: "ann" },
    inputs: { where: "there" },
    vars: { A: "1" },
    ...more,
  };
}

async function claim(buildId: string): Promise<ClaimedBuild> {
  const limits = { maxBuilds: 100, maxBuildsPerProject: 100 };
  const claimed = await platform.store.builds.claim({
    owner: "w",
    leaseMs: 30_000,
    prefer: buildId,
    ...limits,
  });
  if (claimed?.build.id !== buildId) throw new Error("not claimed");
  return claimed;
}

/** Jobs as a build would write them. */
async function addJob({ lease }: ClaimedBuild, key: string, needs: readonly string[] = []): Promise<string> {
  const { store, clock } = platform;
  const id = `${lease.buildId}:${key}`;
  const job = { id, buildId: lease.buildId, key, jobId: key, name: key, kind: "job" as const, needs };
  const position = (await store.builds.jobs(lease.buildId)).length + 1;
  await store.builds.advance(lease, [
    { kind: "job-added", job: { ...job, position, attempt: 1, createdAt: clock.now(), status: "queued" } },
    { kind: "job-changed", job: id, to: "running", at: clock.now() },
  ]);
  return id;
}

async function endJob({ lease }: ClaimedBuild, id: string, result: "success" | "failure"): Promise<void> {
  const to = result === "success" ? "succeeded" : "failed";
  const at = platform.clock.now();
  const outputs = { made: id };
  await platform.store.builds.advance(lease, [
    { kind: "job-changed", job: id, to, at, result, outcome: result, outputs },
  ]);
}

async function end({ lease }: ClaimedBuild, to: "succeeded" | "failed" = "succeeded"): Promise<void> {
  await platform.store.builds.advance(lease, [{ kind: "build-moved", to, at: platform.clock.now() }]);
}

async function heard(...types: PlatformEvent["type"][]): Promise<PlatformEvent[]> {
  const events: PlatformEvent[] = [];
  await platform.events.subscribe({ types }, (event) => events.push(event));
  return events;
}

function queueWith(publishBuild: QueueClient["publishBuild"]): QueueClient {
  return new Proxy<QueueClient>(platform.queue, {
    get: (target, name) => {
      if (name === "publishBuild") return publishBuild;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("createBuild", () => {
  it("records the build and its snapshot, publishes it, and has it queued", async () => {
    const events = await heard("build.changed");
    const build = await service.createBuild(request("b1"));
    expect(build).toMatchObject({
      id: "b1",
      number: 1,
      attempt: 1,
      status: "queued",
      queuedAt: platform.clock.now(),
    });
    expect(await platform.store.builds.snapshot("b1")).toEqual({
      buildId: "b1",
      file: "ci.yml",
      content: "jobs: {}",
      github: request("b1").github,
      inputs: { where: "there" },
      vars: { A: "1" },
    });
    expect((await platform.queue.stats()).ready).toBe(1);
    await settled();
    expect(events).toEqual([
      {
        type: "build.changed",
        buildId: "b1",
        projectId: "one",
        version: build.version,
        status: "queued",
        changes: [{ kind: "build", id: "b1", status: "queued" }],
      },
    ]);
  });

  it("gives the same build for the same id, and no second message", async () => {
    const first = await service.createBuild(request("b1"));
    expect(await service.createBuild(request("b1"))).toEqual(first);
    expect((await platform.queue.stats()).ready).toBe(1);
  });

  it("rejects an id that another project's build has", async () => {
    await service.createBuild(request("b1"));
    const other = service.createBuild(request("b1", { projectId: "two", pipelineId: "two-ci" }));
    await expect(other).rejects.toMatchObject({ code: "Conflict" });
  });

  it("rejects with `NotFound` for a project that is not there", async () => {
    await expect(service.createBuild(request("b1", { projectId: "none" }))).rejects.toMatchObject({
      code: "NotFound",
    });
  });

  it("answers with a pending build where the queue refuses it, which asking again publishes", async () => {
    const refused = () => Promise.reject(new ExecError("Transient", "the broker is away"));
    const build = await serviceWith({ queue: queueWith(refused) }).createBuild(request("b1"));
    expect(build.status).toBe("pending");
    expect((await service.createBuild(request("b1"))).status).toBe("queued");
    expect((await platform.queue.stats()).ready).toBe(1);
  });

  it("waits no longer for the queue than it should", async () => {
    const silent = serviceWith({ queue: queueWith(() => new Promise(() => {})), publishLimitMs: 3 * SECOND });
    const building = silent.createBuild(request("b1"));
    await until(() => platform.clock.pending === 1);
    platform.clock.advance(3 * SECOND);
    expect((await building).status).toBe("pending");
  });
});

describe("getBuild and listBuilds", () => {
  it("show a build with its jobs, and what it is one of", async () => {
    await service.createBuild(request("b1"));
    const claimed = await claim("b1");
    await addJob(claimed, "test");
    const view = await service.getBuild("b1");
    expect(view.build.status).toBe("running");
    expect(view.jobs.map(({ key, status }) => [key, status])).toEqual([["test", "running"]]);
    expect([view.steps, view.approvals, view.annotations, view.warnings]).toEqual([[], [], [], []]);
    expect((await service.listBuilds({ projectId: "one" }, { limit: 10 })).items.map(({ id }) => id)).toEqual(
      ["b1"],
    );
    await expect(service.getBuild("none")).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("a job that was not run again", () => {
  it("is shown with the steps of the attempt that ran it", async () => {
    await service.createBuild(request("b1"));
    await service.createBuild(request("b2"));
    const [first, second] = [await claim("b1"), await claim("b2")];
    const jobId = await addJob(first, "test");
    const step = { id: "s1", buildId: "b1", jobId, number: 1, name: "run", stage: "main" } as const;
    await platform.store.builds.advance(first.lease, [
      { kind: "step-added", step: { ...step, type: "run", background: false } },
    ]);
    const job = {
      id: "b2:test",
      buildId: "b2",
      key: "test",
      jobId: "test",
      name: "test",
      kind: "job",
    } as const;
    await platform.store.builds.advance(second.lease, [
      {
        kind: "job-added",
        job: { ...job, needs: [], position: 1, attempt: 1, createdAt: 1, carriedFrom: jobId },
      },
    ]);
    expect((await service.getBuild("b2")).steps.map(({ id }) => id)).toEqual(["s1"]);
  });
});

describe("watchBuild", () => {
  /** Gathers what a watcher gets, until it ends. */
  function watch(buildId: string, by = service) {
    const views: BuildView[] = [];
    const stop = new AbortController();
    const done = (async () => {
      for await (const view of by.watchBuild(buildId, stop.signal)) views.push(view);
    })();
    return { views, done, stop: () => stop.abort() };
  }

  async function change(build: BuildRecord | undefined, tell = true): Promise<void> {
    if (build === undefined) throw new Error("no build");
    const { version, status } = await platform.store.builds.get(build.id);
    if (!tell) return;
    const { id, projectId } = build;
    platform.events.publish({ type: "build.changed", buildId: id, projectId, version, status, changes: [] });
  }

  it("shows the build as it is, then anew when it changed, and ends with it", async () => {
    const build = await service.createBuild(request("b1"));
    const { views, done } = watch("b1");
    await until(() => views.length === 1);
    const claimed = await claim("b1");
    await addJob(claimed, "test");
    await change(build);
    await settled();
    platform.clock.advance(100);
    await until(() => views.length === 2);
    await endJob(claimed, "b1:test", "success");
    await end(claimed);
    await change(build);
    await settled();
    platform.clock.advance(100);
    await done;
    expect(views.map(({ build: { status } }) => status)).toEqual(["queued", "running", "succeeded"]);
    const versions = views.map(({ build: { version } }) => version);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(platform.clock.pending).toBe(0);
  });

  it("sees many changes that come close together at once", async () => {
    const build = await service.createBuild(request("b1"));
    const { views, stop, done } = watch("b1");
    await until(() => views.length === 1);
    const claimed = await claim("b1");
    for (let count = 0; count < 20; count += 1) {
      await addJob(claimed, `job-${count}`);
      await change(build);
      await settled();
    }
    platform.clock.advance(100);
    await until(() => views.length === 2);
    expect(views[1]?.jobs).toHaveLength(20);
    stop();
    await done;
  });

  it("looks by itself where an event was lost", async () => {
    await service.createBuild(request("b1"));
    const { views, stop, done } = watch("b1", serviceWith({ lookMs: 5 * SECOND }));
    await until(() => views.length === 1);
    await settled();
    platform.clock.advance(100);
    await settled();
    await claim("b1");
    platform.clock.advance(4 * SECOND);
    await settled();
    expect(views).toHaveLength(1);
    platform.clock.advance(5 * SECOND);
    await until(() => views.length === 2);
    stop();
    await done;
  });

  it("goes on where the records are away for a while, and fails where they are at its start", async () => {
    let away = false;
    const get: typeof platform.store.builds.get = async (id) => {
      if (away) throw new ExecError("Transient", "the database is away");
      return await platform.store.builds.get(id);
    };
    const builds = new Proxy(platform.store.builds, {
      get: (target, name) => (name === "get" ? get : Reflect.get(target, name, target)),
    });
    const unsure = serviceWith({ store: { ...platform.store, builds } });
    const build = await service.createBuild(request("b1"));
    const { views, stop, done } = watch("b1", unsure);
    await until(() => views.length === 1);
    const claimed = await claim("b1");
    away = true;
    await expect(watch("b2", unsure).done).rejects.toMatchObject({ code: "Transient" });
    await change(build);
    await settled();
    platform.clock.advance(100);
    await settled();
    away = false;
    await end(claimed);
    platform.clock.advance(100);
    await settled();
    platform.clock.advance(5 * SECOND);
    await done;
    expect(views.at(-1)?.build.status).toBe("succeeded");
    stop();
  });

  it("reads the records once for all who watch the same build, and not at all when they have gone", async () => {
    let reads = 0;
    const jobs: typeof platform.store.builds.jobs = (id) => {
      reads += 1;
      return platform.store.builds.jobs(id);
    };
    const builds = new Proxy(platform.store.builds, {
      get: (target, name) => (name === "jobs" ? jobs : Reflect.get(target, name, target)),
    });
    const counted = serviceWith({ store: { ...platform.store, builds } });
    await service.createBuild(request("b1"));
    const watchers = Array.from({ length: 50 }, () => watch("b1", counted));
    await until(() => watchers.every(({ views }) => views.length === 1));
    expect(reads).toBe(1);
    for (const { stop } of watchers) stop();
    await Promise.all(watchers.map(({ done }) => done));
    await settled();
    expect(platform.clock.pending).toBe(0);
  });

  it("shows a build that has ended once, also to who comes when others watch no more", async () => {
    await service.createBuild(request("b1"));
    await service.cancelBuild("b1", "no");
    for (let time = 0; time < 2; time += 1) {
      const { views, done } = watch("b1");
      await done;
      expect(views.map(({ build: { status } }) => status)).toEqual(["cancelled"]);
    }
  });

  it("rejects with `NotFound` for a build that is not there", async () => {
    await expect(watch("none").done).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("streamLogs", () => {
  it("reads a step's log, and rejects with `NotFound` for a step that is not there", async () => {
    const logs: Pick<LogSink, "stream"> = {
      async *stream(ref, { offset = 0, follow }) {
        yield { offset, at: 1, data: Buffer.from(`${ref.id} ${follow}`) };
      },
    };
    const reading = serviceWith({ logs });
    await service.createBuild(request("b1"));
    const claimed = await claim("b1");
    const jobId = await addJob(claimed, "test");
    const step = { id: "s1", buildId: "b1", jobId, number: 1, name: "run", stage: "main" } as const;
    await platform.store.builds.advance(claimed.lease, [
      { kind: "step-added", step: { ...step, type: "run", background: false } },
    ]);
    const { signal } = new AbortController();
    const read = async (stepId: string) => {
      const pieces = [];
      for await (const piece of reading.streamLogs({ stepId, offset: 7, follow: true }, signal))
        pieces.push(piece);
      return pieces.map(({ offset, data }) => [offset, Buffer.from(data).toString()]);
    };
    expect(await read("s1")).toEqual([[7, "s1 true"]]);
    await expect(read("none")).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("cancelBuild", () => {
  it.each(["pending", "queued"] as const)("ends a build that is %s at once", async (state) => {
    const { id } =
      state === "pending" ? await platform.record("one") : await service.createBuild(request("b1"));
    const events = await heard("build.changed", "build.cancel");
    const build = await service.cancelBuild(id, "not needed");
    expect(build).toMatchObject({ status: "cancelled", cancelReason: "not needed" });
    await settled();
    expect(events).toMatchObject([{ type: "build.changed", status: "cancelled" }]);
  });

  it("notes the wish of one that runs, and tells its worker, each time", async () => {
    await service.createBuild(request("b1"));
    await claim("b1");
    const events = await heard("build.changed", "build.cancel");
    expect(await service.cancelBuild("b1", "first")).toMatchObject({
      status: "running",
      cancelReason: "first",
    });
    expect(await service.cancelBuild("b1", "second")).toMatchObject({
      status: "running",
      cancelReason: "first",
    });
    await settled();
    expect(events).toEqual([
      { type: "build.cancel", buildId: "b1", reason: "first" },
      { type: "build.cancel", buildId: "b1", reason: "first" },
    ]);
  });

  it.each(["succeeded", "failed"] as const)("leaves one alone that has %s", async (state) => {
    await service.createBuild(request("b1"));
    await end(await claim("b1"), state);
    const events = await heard("build.changed", "build.cancel");
    expect((await service.cancelBuild("b1", "too late")).status).toBe(state);
    expect((await service.cancelBuild("b1", "too late")).cancelReason).toBeUndefined();
    await settled();
    expect(events).toEqual([]);
  });

  it("rejects with `NotFound` for a build that is not there", async () => {
    await expect(service.cancelBuild("none", "x")).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("rerunBuild", () => {
  async function failedBuild(id = "b1"): Promise<void> {
    await service.createBuild(request(id));
    const claimed = await claim(id);
    await endJob(claimed, await addJob(claimed, "build"), "success");
    await endJob(claimed, await addJob(claimed, "test", ["build"]), "failure");
    await end(claimed, "failed");
  }

  it("makes the next attempt from the same snapshot, published, by whoever asked", async () => {
    await failedBuild();
    const again = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "all" } });
    const first = await platform.store.builds.get("b1");
    expect(again).toMatchObject({
      attempt: 2,
      rootId: "b1",
      number: first.number,
      runId: first.runId,
      status: "queued",
      trigger: "rerun",
      actor: "bob",
      event: "workflow_dispatch",
      title: "Try it",
    });
    expect(await platform.store.builds.snapshot(again.id)).toEqual({
      ...(await platform.store.builds.snapshot("b1")),
      buildId: again.id,
      github: { event_name: "workflow_dispatch", actor: "ann", triggering_actor: "bob" },
    });
    expect(first.status).toBe("failed");
  });

  it("carries what succeeded, where only what failed is to run", async () => {
    await failedBuild();
    const again = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    expect((await platform.store.builds.snapshot(again.id)).carried).toEqual([
      { key: "build", jobId: "b1:build", outcome: "success", outputs: { made: "b1:build" } },
    ]);
  });

  it("goes on from the newest attempt: what ran in an earlier one is still named by that", async () => {
    await failedBuild();
    const second = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    const claimed = await claim(second.id);
    const { lease } = claimed;
    const at = platform.clock.now();
    const carried = {
      id: `${second.id}:build`,
      buildId: second.id,
      key: "build",
      jobId: "build",
      name: "build",
    };
    const job = { ...carried, kind: "job", needs: [], position: 1, attempt: 1, createdAt: at } as const;
    await platform.store.builds.advance(lease, [
      { kind: "job-added", job: { ...job, status: "queued", carriedFrom: "b1:build" } },
      { kind: "job-changed", job: job.id, to: "running", at },
      { kind: "job-changed", job: job.id, to: "succeeded", at, result: "success", outcome: "success" },
    ]);
    await endJob(claimed, await addJob(claimed, "test", ["build"]), "failure");
    await end(claimed, "failed");
    const third = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    expect(third.attempt).toBe(3);
    const snapshot = await platform.store.builds.snapshot(third.id);
    expect(snapshot.carried).toMatchObject([{ key: "build", jobId: "b1:build" }]);
  });

  it("rejects with `Conflict` while an attempt has not ended, whichever is named", async () => {
    await failedBuild();
    const second = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "all" } });
    for (const buildId of ["b1", second.id]) {
      const asked = service.rerunBuild({ buildId, actor: "eve", what: { kind: "all" } });
      await expect(asked).rejects.toMatchObject({
        code: "Conflict",
        message: expect.stringContaining("Attempt 2"),
      });
    }
  });

  it("makes one attempt of two that are asked for at the same time", async () => {
    await failedBuild();
    const asked = ["bob", "eve"].map((actor) =>
      service.rerunBuild({ buildId: "b1", actor, what: { kind: "all" } }),
    );
    const states = (await Promise.allSettled(asked)).map(({ status }) => status);
    expect(states.toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await platform.store.builds.attempts("b1")).toHaveLength(2);
    expect((await platform.queue.stats()).ready).toBe(2);
  });

  it.each([
    ["an unknown job", { kind: "job", key: "tset" } as const, "InvalidSpec", "Did you mean 'test'?"],
    ["an unknown build", { kind: "all" } as const, "NotFound", ""],
  ])("rejects for %s, and makes nothing", async (_, what, code, text) => {
    await failedBuild();
    const buildId = code === "NotFound" ? "none" : "b1";
    const asked = service.rerunBuild({ buildId, actor: "bob", what });
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect(await platform.store.builds.attempts("b1")).toHaveLength(1);
  });
});

describe("decide", () => {
  let claimed: ClaimedBuild;

  beforeEach(async () => {
    await service.createBuild(request("b1"));
    claimed = await claim("b1");
    const { store, clock } = platform;
    for (const [id, environment, reviewers] of [
      ["a1", "Staging", ["ann", "bob"]],
      ["a2", "production", ["ann"]],
    ] as const) {
      const approval = { id, buildId: "b1", jobKey: id, environment, reviewers, createdAt: clock.now() };
      await store.approvals.request(claimed.lease, { ...approval, expiresAt: clock.now() + 60 * SECOND });
    }
  });

  const asked = { buildId: "b1", override: false, approve: true } as const;
  const summary = (decided: Awaited<ReturnType<ExecutorService["decide"]>>) =>
    decided.map(({ id, state, decidedBy }) => [id, state, decidedBy]);

  it("decides for every job that the reviewer may decide for, and tells", async () => {
    const events = await heard("approval.decided");
    expect(summary(await service.decide({ ...asked, by: "bob", comment: "fine" }))).toEqual([
      ["a1", "approved", "bob"],
    ]);
    await settled();
    expect(events).toEqual([{ type: "approval.decided", buildId: "b1", approvalId: "a1" }]);
    const states = (await platform.store.approvals.list("b1")).map(({ id, state, comment }) => [
      id,
      state,
      comment,
    ]);
    expect(states).toEqual([
      ["a1", "approved", "fine"],
      ["a2", "waiting", undefined],
    ]);
  });

  it("decides for one environment, without regard to case, and against it", async () => {
    const decided = await service.decide({ ...asked, by: "Ann", environment: "staging", approve: false });
    expect(summary(decided)).toEqual([["a1", "rejected", "Ann"]]);
  });

  it("lets an admin decide whoever the reviewers are", async () => {
    expect(summary(await service.decide({ ...asked, by: "root", override: true }))).toEqual([
      ["a1", "approved", "root"],
      ["a2", "approved", "root"],
    ]);
  });

  it("changes nothing where the same was decided, and gives that", async () => {
    await service.decide({ ...asked, by: "ann", environment: "staging" });
    const events = await heard("approval.decided");
    const again = await service.decide({ ...asked, by: "bob", environment: "staging" });
    expect(summary(again)).toEqual([["a1", "approved", "ann"]]);
    await settled();
    expect(events).toEqual([]);
  });

  it.each([
    ["who is no reviewer", { by: "eve" }, "Forbidden"],
    ["who is none of that environment", { by: "bob", environment: "production" }, "Forbidden"],
    ["where no job waits for that environment", { by: "ann", environment: "moon" }, "NotFound"],
  ])("rejects one %s", async (_, more, code) => {
    await expect(service.decide({ ...asked, ...more })).rejects.toMatchObject({ code });
  });

  it("rejects the other decision afterwards", async () => {
    await service.decide({ ...asked, by: "ann" });
    await expect(service.decide({ ...asked, by: "ann", approve: false })).rejects.toMatchObject({
      code: "Conflict",
      message: expect.stringContaining("was approved"),
    });
  });

  it("rejects what comes too late: its time is over, or its build", async () => {
    platform.clock.advance(61 * SECOND);
    await expect(service.decide({ ...asked, by: "ann" })).rejects.toMatchObject({ code: "Conflict" });
    await platform.store.builds.heartbeat("w", [claimed.lease], 30_000);
    await end(claimed, "failed");
    await expect(service.decide({ ...asked, by: "ann" })).rejects.toMatchObject({ code: "Conflict" });
  });

  it("rejects with `NotFound` for a build that is not there", async () => {
    await expect(service.decide({ ...asked, buildId: "none", by: "ann" })).rejects.toMatchObject({
      code: "NotFound",
    });
  });
});
