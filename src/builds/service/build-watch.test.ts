import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import { type Platform, settled, until } from "../worker/worker.fixture.ts";
import type { BuildView, ExecutorService } from "./executor-service.ts";
import { requestOf, ServiceTrial } from "./service-trial.fixture.ts";

const SECOND = 1_000;
let trial: ServiceTrial;
let platform: Platform;
let service: ExecutorService;

beforeEach(async () => {
  trial = await ServiceTrial.open();
  ({ platform, service } = trial);
});
afterEach(() => trial.close());

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
    const build = await service.createBuild(requestOf("b1"));
    const { views, done } = watch("b1");
    await until(() => views.length === 1);
    const claimed = await trial.claim("b1");
    await trial.addJob(claimed, "test");
    await change(build);
    await settled();
    platform.clock.advance(100);
    await until(() => views.length === 2);
    await trial.endJob(claimed, "b1:test", "success");
    await trial.end(claimed);
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
    const build = await service.createBuild(requestOf("b1"));
    const { views, stop, done } = watch("b1");
    await until(() => views.length === 1);
    const claimed = await trial.claim("b1");
    for (let count = 0; count < 20; count += 1) {
      await trial.addJob(claimed, `job-${count}`);
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
    await service.createBuild(requestOf("b1"));
    const { views, stop, done } = watch("b1", trial.serviceWith({ lookMs: 5 * SECOND }));
    await until(() => views.length === 1);
    await settled();
    platform.clock.advance(100);
    await settled();
    await trial.claim("b1");
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
    const unsure = trial.serviceWith({ store: { ...platform.store, builds } });
    const build = await service.createBuild(requestOf("b1"));
    const { views, stop, done } = watch("b1", unsure);
    await until(() => views.length === 1);
    const claimed = await trial.claim("b1");
    away = true;
    await expect(watch("b2", unsure).done).rejects.toMatchObject({ code: "Transient" });
    await change(build);
    await settled();
    platform.clock.advance(100);
    await settled();
    away = false;
    await trial.end(claimed);
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
    const counted = trial.serviceWith({ store: { ...platform.store, builds } });
    await service.createBuild(requestOf("b1"));
    const watchers = Array.from({ length: 50 }, () => watch("b1", counted));
    await until(() => watchers.every(({ views }) => views.length === 1));
    expect(reads).toBe(1);
    for (const { stop } of watchers) stop();
    await Promise.all(watchers.map(({ done }) => done));
    await settled();
    expect(platform.clock.pending).toBe(0);
  });

  it("shows a build that has ended once, also to who comes when others watch no more", async () => {
    await service.createBuild(requestOf("b1"));
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
