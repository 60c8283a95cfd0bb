import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { PlatformEvent } from "../../events/platform-event.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { noMetrics } from "../../telemetry/metrics.ts";
import { Sweeper } from "./sweeper.ts";
import type { SweeperOptions } from "./sweeper-options.ts";
import { Platform, settled, until } from "./worker.fixture.ts";

const MINUTE = 60_000;
const LEASE_MS = 30_000;
let platform: Platform;

beforeEach(async () => {
  platform = await Platform.open();
  await platform.project("one");
});
afterEach(() => platform.close());

function sweeperOf(options: Partial<SweeperOptions> = {}): Sweeper {
  const { store, queue, events, clock } = platform;
  return new Sweeper({ store, queue, events, clock, logger: silentLogger, metrics: noMetrics, ...options });
}

const ready = async () => (await platform.queue.stats()).ready;

function claim(owner = "w") {
  return platform.store.builds.claim({
    owner,
    leaseMs: LEASE_MS,
    maxBuilds: 1_000,
    maxBuildsPerProject: 1_000,
  });
}

describe("Sweeper", () => {
  it("publishes a pending build whose message never got out, once it is old enough, and queues it", async () => {
    const build = await platform.record("one");
    const sweeper = sweeperOf();
    await sweeper.sweep();
    expect(await ready()).toBe(0);
    platform.clock.advance(MINUTE + 1);
    await sweeper.sweep();
    expect(await ready()).toBe(1);
    expect(await platform.status(build.id)).toBe("queued");
  });

  it("publishes a queued build whose message was lost", async () => {
    const build = await platform.record("one");
    await platform.store.builds.markQueued(build.id, platform.clock.now());
    platform.clock.advance(MINUTE + 1);
    await sweeperOf().sweep();
    expect(await ready()).toBe(1);
  });

  it("publishes a running build whose lease has lapsed, as soon as it has", async () => {
    await platform.record("one");
    await claim();
    const sweeper = sweeperOf();
    platform.clock.advance(LEASE_MS - 1);
    await sweeper.sweep();
    expect(await ready()).toBe(0);
    platform.clock.advance(2);
    await sweeper.sweep();
    expect(await ready()).toBe(1);
  });

  it("publishes a build that the queue never had without waiting for what may be lost in it", async () => {
    await platform.record("one");
    const sweeper = sweeperOf();
    platform.clock.advance(9_000);
    await sweeper.sweep();
    expect(await ready()).toBe(0);
    platform.clock.advance(2_000);
    await sweeper.sweep();
    expect(await ready()).toBe(1);
  });

  it("publishes nothing while as many messages wait as builds do", async () => {
    for (let count = 0; count < 5; count += 1) await platform.submit("one");
    platform.clock.advance(MINUTE + 1);
    await sweeperOf().sweep();
    expect(await ready()).toBe(5);
  });

  it("publishes as many as are missing, and no more than a batch", async () => {
    const builds = [];
    for (let count = 0; count < 9; count += 1) builds.push(await platform.record("one"));
    await platform.publish(...builds.slice(0, 2));
    platform.clock.advance(MINUTE + 1);
    const sweeper = sweeperOf({ batch: 4 });
    await sweeper.sweep();
    expect(await ready()).toBe(6);
    await sweeper.sweep();
    expect(await ready()).toBe(9);
    await sweeper.sweep();
    expect(await ready()).toBe(9);
  });

  it("does no harm beside others: a build runs once", async () => {
    for (let count = 0; count < 5; count += 1) await platform.record("one");
    platform.clock.advance(MINUTE + 1);
    await Promise.all([sweeperOf().sweep(), sweeperOf().sweep(), sweeperOf().sweep()]);
    await platform.start("a", { maxBuilds: 20 });
    await until(async () => (await ready()) === 0);
    await settled();
    expect(platform.runs).toHaveLength(5);
  });

  it("sweeps again and again, also after a round that failed, and not after it was stopped", async () => {
    let away = true;
    const unowned: Platform["store"]["builds"]["unowned"] = async (...args) => {
      if (away) throw new ExecError("Transient", "the database is away");
      return await platform.store.builds.unowned(...args);
    };
    const builds = new Proxy(platform.store.builds, {
      get: (target, name) => (name === "unowned" ? unowned : Reflect.get(target, name, target)),
    });
    const sweeper = sweeperOf({ store: { ...platform.store, builds }, intervalMs: MINUTE });
    await platform.record("one");
    sweeper.start();
    platform.clock.advance(MINUTE);
    await settled();
    away = false;
    platform.clock.advance(MINUTE);
    await settled();
    expect(await ready()).toBe(1);
    await sweeper.stop();
    expect(platform.clock.pending).toBe(0);
  });

  it("lets go of what ended builds hold of concurrency groups, and tells who runs now", async () => {
    const heard: PlatformEvent[] = [];
    await platform.events.subscribe({ types: ["group.changed"] }, (event) => heard.push(event));
    await platform.record("one", "b1");
    await platform.record("one", "b2");
    const [first, second] = [await claim(), await claim()];
    if (first === undefined || second === undefined) throw new Error("not claimed");
    const entry = { projectId: "one", group: "g", holder: "*", within: [], cancelInProgress: false } as const;
    for (const { lease } of [first, second]) {
      await platform.store.groups.enter(lease, { ...entry, queue: "max", at: platform.clock.now() });
    }
    await platform.store.builds.advance(first.lease, [
      { kind: "build-moved", to: "failed", at: platform.clock.now() },
    ]);
    await sweeperOf().sweep();
    await settled();
    const placements = await platform.store.groups.placements(second.build.id);
    expect(placements.map(({ state }) => state)).toEqual(["running"]);
    expect(heard).toEqual([{ type: "group.changed", holders: [{ buildId: second.build.id, holder: "*" }] }]);
  });

  it("ends approvals whose time is over, and tells", async () => {
    const heard: PlatformEvent[] = [];
    await platform.events.subscribe({ types: ["approval.decided"] }, (event) => heard.push(event));
    const build = await platform.record("one");
    const claimed = await claim();
    if (claimed === undefined) throw new Error("not claimed");
    const at = platform.clock.now();
    const approval = { buildId: build.id, environment: "prod", reviewers: ["ann"], createdAt: at };
    for (const [id, expiresAt] of [
      ["soon", at + 10],
      ["later", at + MINUTE],
    ] as const) {
      await platform.store.approvals.request(claimed.lease, { ...approval, id, jobKey: id, expiresAt });
    }
    platform.clock.advance(11);
    await sweeperOf().sweep();
    await settled();
    const states = (await platform.store.approvals.list(build.id)).map(({ id, state }) => [id, state]);
    expect(new Map(states as [string, string][])).toEqual(
      new Map([
        ["soon", "expired"],
        ["later", "waiting"],
      ]),
    );
    expect(heard).toEqual([{ type: "approval.decided", buildId: build.id, approvalId: "soon" }]);
  });
});

describe("recovery at the start of a server", () => {
  it("fills the queue of this process from the records, whatever their number and age", async () => {
    const builds = [];
    for (let count = 0; count < 1_030; count += 1) builds.push(await platform.record("one"));
    await platform.store.builds.markQueued(builds[0]?.id ?? "", platform.clock.now());
    await sweeperOf().recover({ alone: true });
    expect(await ready()).toBe(1_030);
  });

  it("takes over at once what an earlier process of this server ran", async () => {
    const build = await platform.record("one");
    await claim("of an earlier process");
    await sweeperOf().recover({ alone: true });
    await platform.start("a");
    await until(() => platform.of(build.id).length === 1);
    expect(platform.of(build.id)[0]?.claim.resumed).toBe(true);
  });

  it("leaves alone what other servers run", async () => {
    await platform.record("one");
    await claim("another server");
    await sweeperOf().recover({ alone: false });
    await platform.start("a");
    await settled();
    expect(platform.runs).toEqual([]);
  });

  it("rejects where the records are away", async () => {
    const releaseAll = () => Promise.reject(new ExecError("Transient", "the database is away"));
    const builds = new Proxy(platform.store.builds, {
      get: (target, name) => (name === "releaseAll" ? releaseAll : Reflect.get(target, name, target)),
    });
    const sweeper = sweeperOf({ store: { ...platform.store, builds } });
    await expect(sweeper.recover({ alone: true })).rejects.toMatchObject({ code: "Transient" });
  });
});
