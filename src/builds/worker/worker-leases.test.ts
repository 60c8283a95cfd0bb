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

describe("a lease", () => {
  it("of a worker that was killed lapses, and another takes the build over, with a newer fence", async () => {
    const build = await platform.submit("one");
    const first = await platform.start("first");
    await until(() => platform.of(build.id).length === 1);
    await first.kill();
    await platform.start("second");
    await platform.publish(build);
    await platform.pass(LEASE_MS - SECOND, 5 * SECOND);
    await platform.publish(build);
    await settled();
    expect(platform.of(build.id)).toHaveLength(1);
    await platform.pass(2 * SECOND);
    await platform.publish(build);
    await until(() => platform.of(build.id).length === 2);
    const [old, now] = platform.of(build.id);
    expect(now?.worker).toBe("second");
    expect(now?.claim.resumed).toBe(true);
    await expect(old?.finish()).rejects.toMatchObject({ code: "Conflict" });
    await now?.finish();
    expect(await platform.status(build.id)).toBe("succeeded");
  });

  it("is kept for as long as the build runs", async () => {
    const build = await platform.submit("one");
    await platform.start("a");
    await platform.start("b");
    await until(() => platform.of(build.id).length === 1);
    for (let minute = 0; minute < 3; minute += 1) {
      await platform.pass(60 * SECOND, SECOND);
      await platform.publish(build);
    }
    await settled();
    expect(platform.runs).toHaveLength(1);
    expect(platform.running).toHaveLength(1);
  });

  it.each([0, 1, 2])(
    "outlives records that are away for 20 s, from %i s after a heartbeat",
    async (later) => {
      let away: Error | undefined;
      const build = await platform.submit("one");
      await platform.start("a", { store: { builds: unreliable(platform.store.builds, () => away) } });
      await until(() => platform.of(build.id).length === 1);
      await platform.pass((3 + later) * SECOND + 900, 100);
      away = new ExecError("Transient", "the database is away");
      await platform.pass(20 * SECOND, 100);
      expect(platform.running).toHaveLength(1);
      away = undefined;
      await platform.pass(60 * SECOND, 100);
      expect(platform.running).toHaveLength(1);
      await platform.running[0]?.finish();
      expect(await platform.status(build.id)).toBe("succeeded");
    },
  );

  it("is kept though an answer never comes: it is asked again", async () => {
    const { builds } = platform.store;
    let asked = 0;
    const silent = new Proxy(builds, {
      get(target, name) {
        if (name !== "heartbeat") return Reflect.get(target, name, target);
        return (...args: Parameters<typeof builds.heartbeat>) => {
          asked += 1;
          return asked === 2 ? new Promise(() => {}) : builds.heartbeat(...args);
        };
      },
    });
    await platform.submit("one");
    await platform.start("a", { store: { builds: silent } });
    await until(() => platform.running.length === 1);
    await platform.pass(2 * LEASE_MS);
    expect(platform.running).toHaveLength(1);
    expect(asked).toBeGreaterThan(10);
  });

  it("that cannot be prolonged is given up before another worker may have the build", async () => {
    let away: Error | undefined;
    const build = await platform.submit("one");
    await platform.start("a", { store: { builds: unreliable(platform.store.builds, () => away) } });
    await until(() => platform.of(build.id).length === 1);
    await platform.pass(10 * SECOND, 100);
    away = new ExecError("Transient", "the database is away");
    const lostAt = platform.clock.monotonic();
    while (platform.running.length > 0) await platform.pass(100, 100);
    const stoppedAfter = platform.clock.monotonic() - lostAt;
    expect(stoppedAfter).toBeLessThan(LEASE_MS - 4 * SECOND);
    expect(stoppedAfter).toBeGreaterThan(20 * SECOND);
    const before = await platform.store.builds.claim({
      owner: "b",
      leaseMs: LEASE_MS,
      maxBuilds: 10,
      maxBuildsPerProject: 10,
    });
    expect(before).toBeUndefined();
  });

  it("counts from before it was asked for, however long the answer took", async () => {
    const { builds } = platform.store;
    const slow = new Proxy(builds, {
      get(target, name) {
        if (name === "heartbeat") return () => new Promise(() => {});
        if (name !== "claim") return Reflect.get(target, name, target);
        return async (...args: Parameters<typeof builds.claim>) => {
          const claim = await builds.claim(...args);
          if (claim !== undefined) platform.clock.advance(10 * SECOND);
          return claim;
        };
      },
    });
    await platform.submit("one");
    await platform.start("a", { store: { builds: slow } });
    await until(() => platform.running.length === 1);
    const [run] = platform.runs;
    await platform.pass(14 * SECOND);
    expect(run?.state).toBe("running");
    await platform.pass(2 * SECOND);
    expect(run?.state).toBe("abandoned");
  });

  it("that this worker gets again while what it had is still ending costs it no place", async () => {
    const ends: PromiseWithResolvers<"finished" | "abandoned">[] = [];
    await platform.start("a", {
      maxBuilds: 2,
      startBuild: () => {
        const end = Promise.withResolvers<"finished" | "abandoned">();
        ends.push(end);
        return { cancel() {}, abandon: async () => end.resolve("abandoned"), ended: end.promise };
      },
    });
    const build = await platform.submit("one");
    await until(() => ends.length === 1);
    const lease = { buildId: build.id, fence: 1 };
    await platform.store.builds.release([lease]);
    await platform.publish(build);
    await until(() => ends.length === 2);
    ends[0]?.resolve("abandoned");
    await settled();
    await platform.submit("one");
    await until(() => ends.length === 3);
  });

  it("that another worker holds ends what still runs here", async () => {
    const build = await platform.submit("one");
    await platform.start("a");
    await until(() => platform.of(build.id).length === 1);
    const [run] = platform.runs;
    if (run === undefined) throw new Error("no run");
    await platform.store.builds.release([run.claim.lease]);
    const stolen = await platform.store.builds.claim({
      owner: "thief",
      leaseMs: 10 * LEASE_MS,
      maxBuilds: 10,
      maxBuildsPerProject: 10,
    });
    expect(stolen?.build.id).toBe(build.id);
    await platform.pass(4 * SECOND);
    expect(run.state).toBe("abandoned");
  });
});

describe("a cancel", () => {
  it("that is told by an event reaches the build at once", async () => {
    const build = await platform.submit("one");
    await platform.start("a");
    await until(() => platform.running.length === 1);
    await platform.store.builds.requestCancel(build.id, "enough", platform.clock.now());
    platform.events.publish({ type: "build.cancel", buildId: build.id, reason: "enough" });
    await settled();
    expect(platform.runs[0]?.cancels).toEqual(["enough"]);
  });

  it("whose event was lost is found in the records within seconds", async () => {
    const build = await platform.submit("one");
    await platform.start("a");
    await until(() => platform.running.length === 1);
    await platform.store.builds.requestCancel(build.id, "enough", platform.clock.now());
    await platform.pass(4 * SECOND);
    expect(platform.runs[0]?.cancels[0]).toBe("enough");
  });

  it("that was noted for a worker that is gone is told to the next", async () => {
    const build = await platform.submit("one");
    const { kill } = await platform.start("a");
    await until(() => platform.running.length === 1);
    await platform.store.builds.requestCancel(build.id, "enough", platform.clock.now());
    await kill();
    await platform.pass(LEASE_MS + SECOND, 10 * SECOND);
    await platform.start("b");
    await platform.publish(build);
    await until(() => platform.of(build.id).length === 2);
    expect(platform.of(build.id)[1]?.cancels).toContain("enough");
  });

  it("that comes while its build is being claimed is not lost", async () => {
    const builds = platform.store.builds;
    const build = await platform.record("one");
    const slow = new Proxy(builds, {
      get(target, name) {
        if (name !== "claim") return Reflect.get(target, name, target);
        return async (...args: Parameters<typeof builds.claim>) => {
          const claim = await builds.claim(...args);
          platform.events.publish({ type: "build.cancel", buildId: build.id, reason: "enough" });
          await settled();
          return claim;
        };
      },
    });
    await platform.start("a", { store: { builds: slow } });
    await platform.publish(build);
    await until(() => platform.running.length === 1);
    expect(platform.runs[0]?.cancels).toEqual(["enough"]);
  });
});

describe("drain", () => {
  it("takes no more and waits for what runs", async () => {
    const { worker } = await platform.start("a");
    const build = await platform.submit("one");
    await until(() => platform.running.length === 1);
    let drained = false;
    const draining = worker.drain(60 * SECOND).then(() => {
      drained = true;
    });
    const later = await platform.submit("one");
    await platform.pass(10 * SECOND);
    expect(drained).toBe(false);
    expect(platform.of(later.id)).toEqual([]);
    await platform.of(build.id)[0]?.finish();
    await draining;
    expect(await platform.status(build.id)).toBe("succeeded");
    expect(await platform.queue.stats()).toMatchObject({ ready: 1, dead: 0 });
  });

  it("hands over what has not ended in time, so that another goes on with it at once", async () => {
    const { worker } = await platform.start("a");
    const build = await platform.submit("one");
    await until(() => platform.running.length === 1);
    await platform.start("b");
    const draining = worker.drain(5 * SECOND);
    await platform.pass(5 * SECOND);
    await draining;
    await until(() => platform.of(build.id).length === 2);
    expect(platform.of(build.id).map(({ worker: name, state }) => [name, state])).toEqual([
      ["a", "abandoned"],
      ["b", "running"],
    ]);
  });

  it("leaves a ticket for what a quota held back, whose own is used up", async () => {
    await platform.project("small", { maxBuilds: 1 });
    const { worker } = await platform.start("a");
    await platform.submit("small");
    await until(() => platform.running.length === 1);
    await platform.submit("small");
    await settled();
    expect((await platform.queue.stats()).ready).toBe(0);
    await worker.drain(0);
    expect((await platform.queue.stats()).ready).toBe(2);
  });

  it("leaves no timer and no consumer behind", async () => {
    const { worker } = await platform.start("a");
    await platform.submit("one");
    await until(() => platform.running.length === 1);
    await worker.drain(0);
    expect(platform.clock.pending).toBe(0);
    await platform.submit("one");
    await settled();
    expect(platform.runs).toHaveLength(1);
    await expect(worker.drain(0)).resolves.toBeUndefined();
  });

  it("ends though a build does not: nobody else may have that before its lease has run out", async () => {
    const { worker } = await platform.start("a", {
      startBuild: () => ({
        cancel() {},
        abandon: () => new Promise(() => {}),
        ended: new Promise(() => {}),
      }),
    });
    const build = await platform.submit("one");
    await until(async () => (await platform.status(build.id)) === "running");
    const draining = worker.drain(0);
    await platform.pass(11 * SECOND);
    await draining;
    await platform.start("b");
    await platform.publish(build);
    await settled();
    expect(platform.runs).toEqual([]);
    await platform.pass(LEASE_MS);
    await platform.publish(build);
    await until(() => platform.of(build.id).length === 1);
  });

  it("ends though the records are away: what it held lapses", async () => {
    let away: Error | undefined;
    const { worker } = await platform.start("a", {
      store: { builds: unreliable(platform.store.builds, () => away) },
    });
    await platform.submit("one");
    await until(() => platform.running.length === 1);
    away = new ExecError("Transient", "the database is away");
    await worker.drain(0);
    expect(platform.runs[0]?.state).toBe("abandoned");
  });
});
