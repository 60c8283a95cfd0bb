import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import { Platform, settled, unreliable, until } from "./worker.fixture.ts";

const LEASE_MS = 30_000;
const SECOND = 1_000;
let platform: Platform;

beforeEach(async () => {
  platform = await Platform.open();
  await platform.project("one");
});
afterEach(() => platform.close());

describe("a ticket", () => {
  it("that is delivered ten times has its build run once", async () => {
    const build = await platform.record("one");
    await platform.publish(...Array.from({ length: 10 }, () => build));
    await platform.start("a");
    await platform.start("b");
    await until(() => platform.running.length > 0);
    await settled();
    expect(platform.runs).toHaveLength(1);
    await platform.runs[0]?.finish();
    await settled();
    expect(platform.runs).toHaveLength(1);
    expect(await platform.queue.stats()).toEqual({ ready: 0, unsettled: 0, delayed: 0, dead: 0 });
  });

  it("of a build that was never recorded is a dead letter with the reason", async () => {
    await platform.start("a");
    await platform.publish({ id: "nobody", projectId: "one" });
    await until(async () => (await platform.queue.stats()).dead === 1);
    expect((await platform.queue.deadLetters(10))[0]).toMatchObject({
      message: { buildId: "nobody" },
      reason: "There is no build nobody.",
      deliveries: 1,
    });
  });

  it("of a build that was never recorded is a dead letter also where it brought another build its turn", async () => {
    const waiting = await platform.record("one");
    await platform.start("a");
    await platform.publish({ id: "nobody", projectId: "one" });
    await until(async () => (await platform.queue.stats()).dead === 1);
    expect(platform.running.map(({ claim }) => claim.build.id)).toEqual([waiting.id]);
  });

  it.each(["cancelled", "succeeded"] as const)("of a build that is %s is settled", async (state) => {
    const build = await platform.record("one");
    await platform.start("a");
    if (state === "cancelled")
      await platform.store.builds.requestCancel(build.id, "no", platform.clock.now());
    else {
      await platform.publish(build);
      await until(() => platform.running.length === 1);
      await platform.running[0]?.finish();
    }
    const before = platform.runs.length;
    await platform.publish(build);
    await until(async () => (await platform.queue.stats()).ready === 0);
    await settled();
    expect(platform.runs).toHaveLength(before);
    expect(await platform.queue.stats()).toMatchObject({ unsettled: 0, delayed: 0, dead: 0 });
  });

  it("that cannot be looked up now comes again, and others are left to those who can", async () => {
    let away: Error | undefined = new ExecError("Transient", "the database is away");
    const builds = unreliable(platform.store.builds, () => away);
    await platform.start("a", { store: { builds } });
    const first = await platform.submit("one");
    await until(async () => (await platform.queue.stats()).delayed === 1);
    const second = await platform.submit("one");
    await settled();
    expect(await platform.queue.stats()).toMatchObject({ ready: 1, delayed: 1, dead: 0 });
    away = undefined;
    await platform.pass(2 * SECOND);
    expect(platform.running.map(({ claim }) => claim.build.id).toSorted()).toEqual([first.id, second.id]);
  });
});

describe("a worker", () => {
  it("runs no more builds than it has places for, and the next one when one has ended", async () => {
    await platform.start("a", { maxBuilds: 2 });
    for (let count = 0; count < 5; count += 1) await platform.submit("one");
    await platform.pass(SECOND);
    expect(platform.running).toHaveLength(2);
    for (let ended = 1; ended <= 5; ended += 1) {
      await platform.running[0]?.finish();
      await until(() => platform.runs.length === Math.min(5, 2 + ended));
      expect(platform.running.length).toBeLessThanOrEqual(2);
    }
    expect(new Set(platform.runs.map(({ claim }) => claim.build.id)).size).toBe(5);
  });

  it("gives the place of a build that only waits to another, and goes on with it whether there is one or not", async () => {
    await platform.start("a", { maxBuilds: 1 });
    const [first, second, third] = [
      await platform.submit("one"),
      await platform.submit("one"),
      await platform.submit("one"),
    ];
    await until(() => platform.running.length === 1);
    const [waiting] = platform.runs;
    await platform.pass(5 * SECOND);
    expect(platform.runs).toHaveLength(1);
    waiting?.idle(true);
    await platform.pass(5 * SECOND);
    expect(platform.running.map(({ claim }) => claim.build.id)).toEqual([first.id, second.id]);
    waiting?.idle(false);
    await platform.of(second.id)[0]?.finish();
    await platform.pass(5 * SECOND);
    expect(platform.of(third.id)).toHaveLength(0);
    await waiting?.finish();
    await platform.pass(5 * SECOND);
    expect(platform.of(third.id)).toHaveLength(1);
  });

  it("counts the end of a build that only waited once", async () => {
    const { worker } = await platform.start("a", { maxBuilds: 1 });
    const builds = [await platform.submit("one"), await platform.submit("one"), await platform.submit("one")];
    await until(() => platform.running.length === 1);
    platform.runs[0]?.idle(true);
    platform.runs[0]?.idle(true);
    await platform.pass(5 * SECOND);
    await platform.runs[0]?.finish();
    await platform.pass(5 * SECOND);
    expect(worker.running).toEqual([builds[1]?.id]);
  });

  it("that is full leaves tickets to others", async () => {
    await platform.start("full", { maxBuilds: 1 });
    await platform.submit("one");
    await until(() => platform.running.length === 1);
    const waiting = await platform.submit("one");
    await platform.pass(SECOND, 50);
    await platform.start("free", { maxBuilds: 1 });
    await until(() => platform.of(waiting.id).length === 1);
    expect(platform.of(waiting.id)[0]?.worker).toBe("free");
  });

  it("shares builds with another, each run once", async () => {
    await platform.start("a");
    await platform.start("b");
    for (let count = 0; count < 8; count += 1) await platform.submit("one");
    await until(() => platform.running.length === 8);
    for (const name of ["a", "b"])
      expect(platform.runs.filter(({ worker }) => worker === name)).toHaveLength(4);
    expect(new Set(platform.runs.map(({ claim }) => claim.build.id)).size).toBe(8);
  });

  it("gives the projects turns where one of them floods the queue", async () => {
    const others = Array.from({ length: 9 }, (_, index) => `other-${index}`);
    for (const id of others) await platform.project(id);
    for (let count = 0; count < 60; count += 1) await platform.submit("one");
    for (const id of others) await platform.submit(id);
    await platform.start("a", { maxBuilds: 3 });
    const order: string[] = [];
    while (order.length < 69) {
      await until(() => platform.running.length > 0);
      const [run] = platform.running;
      order.push(run?.claim.build.projectId ?? "");
      await run?.finish();
      await settled();
    }
    const last = Math.max(...others.map((id) => order.indexOf(id)));
    expect(order).toHaveLength(69);
    // Without turns the last of them would come after the sixty.
    expect(last).toBeLessThan(25);
  });

  it("holds to a project's quota, and takes what was held back as soon as a build of it ends", async () => {
    await platform.project("small", { maxBuilds: 1 });
    await platform.start("a");
    const [first, second] = [await platform.submit("small"), await platform.submit("small")];
    const other = await platform.submit("one");
    await until(() => platform.of(other.id).length === 1);
    await settled();
    expect(platform.of(second.id)).toEqual([]);
    expect(await platform.queue.stats()).toMatchObject({ ready: 0, unsettled: 0, delayed: 0 });
    await platform.of(first.id)[0]?.finish();
    await until(() => platform.of(second.id).length === 1);
  });

  it("takes what a quota held back when a build ends on another worker", async () => {
    await platform.project("small", { maxBuilds: 1 });
    const first = await platform.submit("small");
    await platform.start("a", { maxBuilds: 1 });
    await until(() => platform.running.length === 1);
    await platform.start("b");
    const second = await platform.submit("small");
    await platform.pass(SECOND, 50);
    expect(platform.of(second.id)).toEqual([]);
    await platform.of(first.id)[0]?.finish();
    await until(() => platform.of(second.id).length === 1);
  });

  it("offers what a quota held back to others where it has no place for it itself", async () => {
    await platform.project("small", { maxBuilds: 1 });
    const limits = { maxBuilds: 2, maxBuildsPerProject: 10 };
    await platform.start("a", { maxBuilds: 2, limits });
    const first = await platform.submit("small");
    await until(() => platform.running.length === 1);
    const second = await platform.submit("small");
    await settled();
    const third = await platform.submit("one");
    await until(() => platform.of(third.id).length === 1);
    // Full now, and it knows that `second` waits.
    await platform.start("b", { maxBuilds: 1, limits });
    platform.events.publish({ type: "slot.freed", projectId: "small" });
    await settled();
    expect(platform.of(second.id)).toEqual([]);
    await platform.of(first.id)[0]?.finish();
    await until(() => platform.of(second.id).length === 1);
  });

  it("takes what a quota held back also where a build ended while it looked", async () => {
    await platform.project("small", { maxBuilds: 1 });
    const { builds } = platform.store;
    let during: (() => Promise<void>) | undefined;
    const slow = new Proxy(builds, {
      get(target, name) {
        if (name !== "claim") return Reflect.get(target, name, target);
        return async (...args: Parameters<typeof builds.claim>) => {
          const claim = await builds.claim(...args);
          await during?.();
          return claim;
        };
      },
    });
    const first = await platform.submit("small");
    await platform.start("a", { store: { builds: slow } });
    await until(() => platform.running.length === 1);
    during = async () => {
      during = undefined;
      await platform.of(first.id)[0]?.finish();
      await settled();
    };
    const second = await platform.submit("small");
    await until(() => platform.of(second.id).length === 1);
  });

  it("goes on to consume where the queue was away at its start", async () => {
    let away = true;
    const { queue } = platform;
    const flaky = new Proxy(queue, {
      get(target, name) {
        if (name === "consumeBuilds" && away) {
          return () => Promise.reject(new ExecError("Transient", "the broker is away"));
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    await platform.start("a", { queue: flaky });
    await platform.submit("one");
    await settled();
    expect(platform.runs).toEqual([]);
    away = false;
    await platform.pass(SECOND);
    expect(platform.running).toHaveLength(1);
  });

  it("fails a build that cannot be started, and goes on with others", async () => {
    let broken = true;
    await platform.start("a", {
      startBuild: () => {
        if (!broken) return { cancel() {}, abandon: async () => {}, ended: new Promise(() => {}) };
        broken = false;
        throw new Error("no such thing");
      },
    });
    const bad = await platform.submit("one");
    await until(async () => (await platform.status(bad.id)) === "failed");
    expect((await platform.store.builds.get(bad.id)).error).toContain("no such thing");
    const good = await platform.submit("one");
    await until(async () => (await platform.status(good.id)) === "running");
  });

  it("fails a build that takes every worker down with it", async () => {
    const build = await platform.submit("one");
    for (let life = 1; life <= 3; life += 1) {
      const { kill } = await platform.start(`life-${life}`, { maxLosses: 3 });
      await until(() => platform.of(build.id).length === life);
      await kill();
      await platform.pass(LEASE_MS + SECOND, 10 * SECOND);
      await platform.publish(build);
    }
    await platform.start("last", { maxLosses: 3 });
    await until(async () => (await platform.status(build.id)) === "failed");
    expect((await platform.store.builds.get(build.id)).error).toContain("was lost, 3 times");
    expect(platform.of(build.id)).toHaveLength(3);
  });

  it("goes on with a build that workers handed over, however often", async () => {
    const build = await platform.submit("one");
    for (let life = 1; life <= 4; life += 1) {
      const { worker } = await platform.start(`life-${life}`, { maxLosses: 3 });
      await until(() => platform.of(build.id).length === life);
      await worker.drain(0);
      await platform.publish(build);
    }
    expect(await platform.status(build.id)).toBe("running");
    await platform.start("last", { maxLosses: 3 });
    await until(() => platform.of(build.id).length === 5);
    expect(await platform.status(build.id)).toBe("running");
  });
});
