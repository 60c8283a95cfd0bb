import { describe, expect, it } from "vitest";
import type { BuildFilter } from "../build-store.ts";
import {
  jobAdded,
  newBuild,
  newJob,
  newStep,
  SNAPSHOT,
  stepAdded,
  type TestStore,
} from "../store.fixture.ts";

export function buildConformance(given: () => TestStore): void {
  describe("builds", () => {
    it("creates a build that is pending, numbered in its project, with all that it runs from", async () => {
      const { store, clock, project } = given();
      const { id: projectId } = await project();
      const build = newBuild(clock, projectId, { title: "Ünïcode 🚢 \"'; drop table builds; --" });
      const snapshot = {
        ...SNAPSHOT,
        content: "x".repeat(3_000_000),
        github: { event: { "a\u0000b": [null, true, 1.5, "é\u2028"] } },
        inputs: { who: "world" },
        vars: { A: "" },
        carried: [{ key: "k", jobId: "j", outcome: "success" as const, outputs: { o: "1" } }],
        onlyJobs: ["k"],
      };
      const made = await store.builds.create(build, snapshot);
      const { rerunOf: _none, ...fields } = { rerunOf: undefined, ...build };
      expect(made).toEqual({
        ...fields,
        number: 1,
        runId: expect.any(Number),
        attempt: 1,
        rootId: build.id,
        status: "pending",
        version: 1,
      });
      expect(await store.builds.get(build.id)).toEqual(made);
      expect(await store.builds.snapshot(build.id)).toEqual({ ...snapshot, buildId: build.id });
    });

    it("gives the build that is there for the same id, without spending a number", async () => {
      const { store, clock, project } = given();
      const { id: projectId } = await project();
      const build = newBuild(clock, projectId);
      const first = await store.builds.create(build, SNAPSHOT);
      expect(await store.builds.create({ ...build, title: "other" }, SNAPSHOT)).toEqual(first);
      const second = await store.builds.create(newBuild(clock, projectId), SNAPSHOT);
      expect(second.number).toBe(2);
      expect(second.runId).toBeGreaterThan(first.runId);
    });

    it("numbers builds that are created at once without a gap or a double", async () => {
      const { store, clock, project } = given();
      const { id: projectId } = await project();
      const same = newBuild(clock, projectId);
      const builds = await Promise.all(
        [...Array.from({ length: 12 }, () => newBuild(clock, projectId)), same, same, same].map((build) =>
          store.builds.create(build, SNAPSHOT),
        ),
      );
      const numbers = new Map(builds.map(({ id, number }) => [id, number]));
      expect([...numbers.values()].sort((a, b) => a - b)).toEqual(
        Array.from({ length: 13 }, (_, i) => i + 1),
      );
    });

    it("makes a re-run the next attempt of the same number and run id, and leaves the old one as it was", async () => {
      const { store, clock, build } = given();
      const first = await build();
      const rerun = newBuild(clock, first.projectId, { rerunOf: first.id, trigger: "rerun" });
      const second = await store.builds.create(rerun, SNAPSHOT);
      expect(second).toMatchObject({
        number: first.number,
        runId: first.runId,
        attempt: 2,
        rootId: first.id,
        trigger: "rerun",
      });
      expect(await store.builds.create(rerun, SNAPSHOT)).toEqual(second);
      const third = await store.builds.create(
        newBuild(clock, first.projectId, { rerunOf: second.id }),
        SNAPSHOT,
      );
      expect(third).toMatchObject({ attempt: 3, rootId: first.id });
      expect(await store.builds.attempts(first.id)).toEqual([first, second, third]);
      const { items } = await store.builds.list(
        { projectId: first.projectId, latestAttempt: true },
        { limit: 10 },
      );
      expect(items).toEqual([third]);
      const { number, projectId } = first;
      const ofNumber = await store.builds.list({ projectId, number }, { limit: 10 });
      expect(ofNumber.items).toEqual([third, second, first]);
      expect((await store.builds.list({ projectId, number: number + 1 }, { limit: 10 })).items).toEqual([]);
    });

    it("counts attempts that are asked for at once", async () => {
      const { store, clock, build } = given();
      const first = await build();
      const reruns = await Promise.all(
        Array.from({ length: 8 }, () =>
          store.builds.create(newBuild(clock, first.projectId, { rerunOf: first.id }), SNAPSHOT),
        ),
      );
      expect(reruns.map(({ attempt }) => attempt).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
      const latest = await store.builds.list(
        { projectId: first.projectId, latestAttempt: true },
        { limit: 10 },
      );
      expect(latest.items.map(({ attempt }) => attempt)).toEqual([9]);
    });

    it("marks a build as queued, and as published again without moving it", async () => {
      const { store, clock, build, running } = given();
      const made = await build();
      clock.advance(10);
      const queued = await store.builds.markQueued(made.id, clock.now());
      expect(queued).toEqual({ ...made, status: "queued", queuedAt: clock.now(), version: 2 });
      expect(await store.builds.unowned(clock.now() + 1, 10)).toEqual([
        { id: made.id, projectId: made.projectId, status: "queued" },
      ]);
      clock.advance(10);
      expect(await store.builds.markQueued(made.id, clock.now())).toEqual(queued);
      expect(await store.builds.unowned(clock.now(), 10)).toEqual([]);
      const claimed = await running();
      expect(await store.builds.markQueued(claimed.build.id, clock.now())).toEqual(claimed.build);
    });

    it("finds what needs a message: waiting builds not lately published, running ones with a lapsed lease", async () => {
      const { store, clock, build, running } = given();
      const pending = await build();
      const { build: lost } = await running();
      await clock.advance(20_000);
      const { build: kept } = await running();
      const fresh = await build();
      clock.advance(10_001);
      const found = await store.builds.unowned(clock.now() - 15_000, 10);
      expect(found.map(({ id }) => id)).toEqual([pending.id, lost.id]);
      expect(await store.builds.unowned(clock.now() - 15_000, 1)).toHaveLength(1);
      expect(found.map(({ id }) => id)).not.toContain(kept.id);
      expect(found.map(({ id }) => id)).not.toContain(fresh.id);
    });

    it("finds what was never published sooner than what was, where that is asked", async () => {
      const { store, clock, build } = given();
      const published = await build();
      await store.builds.markQueued(published.id, clock.now());
      const pending = await build();
      clock.advance(5_000);
      const found = await store.builds.unowned(clock.now() - 15_000, 10, clock.now() - 4_000);
      expect(found.map(({ id }) => id)).toEqual([pending.id]);
      expect(await store.builds.unowned(clock.now() - 15_000, 10, clock.now() - 6_000)).toEqual([]);
    });

    it("counts what waits and runs, and since when", async () => {
      const { store, clock, build, running } = given();
      expect(await store.builds.counts()).toEqual({ pending: 0, queued: 0, running: 0 });
      const { id } = await build();
      await running();
      clock.advance(5);
      await store.builds.markQueued(id, clock.now());
      const at = clock.now();
      clock.advance(5);
      await build();
      expect(await store.builds.counts()).toEqual({ pending: 1, queued: 1, running: 1, oldestQueuedAt: at });
    });

    it("says NotFound for what is not there", async () => {
      const { store, clock, project } = given();
      const { builds } = store;
      const lease = { buildId: "none", fence: 1 };
      const calls = [
        () => builds.get("none"),
        () => builds.snapshot("none"),
        () => builds.markQueued("none", 1),
        () => builds.requestCancel("none", "why", 1),
        () => builds.fail("none", "why", 1),
        () => builds.job("none"),
        () => builds.step("none"),
        () => builds.create(newBuild(clock, "no-project"), SNAPSHOT),
        async () => builds.create(newBuild(clock, (await project()).id, { rerunOf: "none" }), SNAPSHOT),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "NotFound" });
      await expect(builds.advance(lease, [])).rejects.toMatchObject({ code: "Conflict" });
      expect(await builds.facts("none")).toEqual([]);
      expect(await builds.jobs("none")).toEqual([]);
      expect(await builds.attempts("none")).toEqual([]);
      expect(await builds.cancelWishes(["none"])).toEqual([]);
      expect(await builds.cancelWishes([])).toEqual([]);
    });

    it("reads jobs by position and attempt, and steps by job and number", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const late = newJob(build.id, { key: "b", position: 2 });
      const early = newJob(build.id, { key: "a", position: 1 });
      const again = newJob(build.id, { key: "a", position: 1, attempt: 2 });
      const steps = [
        newStep(build.id, late.id, { number: 2 }),
        newStep(build.id, late.id, { number: 1 }),
        newStep(build.id, early.id, { number: 0, stage: "job" }),
      ];
      await store.builds.advance(lease, [...[late, again, early].map(jobAdded), ...steps.map(stepAdded)]);
      expect((await store.builds.jobs(build.id)).map(({ id }) => id)).toEqual([early.id, again.id, late.id]);
      const order = [steps[2], steps[1], steps[0]].map((step) => step?.id);
      expect((await store.builds.steps(build.id)).map(({ id }) => id)).toEqual(order);
      expect((await store.builds.stepsOfJob(late.id)).map(({ number }) => number)).toEqual([1, 2]);
    });

    describe("in lists", () => {
      it("come newest first, filtered by anything", async () => {
        const { store, clock, project, running } = given();
        const [{ id: one }, { id: two }] = [await project(), await project()];
        const shapes = [
          { projectId: one },
          { projectId: one, ref: "refs/tags/v1" },
          { projectId: one, trigger: "schedule" as const },
          { projectId: one, sha: "f".repeat(40), pipelineId: "other" },
          { projectId: two },
        ];
        const ids: string[] = [];
        for (const shape of shapes) {
          const { id } = await store.builds.create(newBuild(clock, shape.projectId, shape), SNAPSHOT);
          ids.push(id);
        }
        await store.builds.markQueued(ids[1] ?? "", 1);
        await store.builds.requestCancel(ids[2] ?? "", "no", 1);
        const { build: ran } = await running({ projectId: two });
        ids.push(ran.id);
        const table: [BuildFilter, number[]][] = [
          [{}, [5, 4, 3, 2, 1, 0]],
          [{ projectId: one }, [3, 2, 1, 0]],
          [{ projectId: one, ref: "refs/tags/v1" }, [1]],
          [{ projectId: one, trigger: "schedule" }, [2]],
          [{ sha: "f".repeat(40) }, [3]],
          [{ pipelineId: "other" }, [3]],
          [{ projectId: one, status: ["pending"] }, [3, 0]],
          [{ status: ["queued", "cancelled", "queued"] }, [2, 1]],
          [{ status: ["running", "pending"] }, [5, 4, 3, 0]],
          [{ status: [] }, []],
          [{ status: ["failed", "succeeded"] }, []],
          [{ projectId: "none" }, []],
        ];
        for (const [filter, expected] of table) {
          const { items, next } = await store.builds.list(filter, { limit: 200 });
          expect(
            items.map(({ id }) => ids.indexOf(id)),
            JSON.stringify(filter),
          ).toEqual(expected);
          expect(next).toBeUndefined();
        }
      });

      it("stay good from page to page while builds are added and move", async () => {
        const { store, project, build } = given();
        const { id: projectId } = await project();
        const made = [];
        for (let i = 0; i < 7; i++) made.push((await build({ projectId })).id);
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let pages = 0; ; pages++) {
          const page = await store.builds.list(
            { projectId, status: ["pending", "queued"] },
            { limit: 2, ...(cursor === undefined ? {} : { cursor }) },
          );
          seen.push(...page.items.map(({ id }) => id));
          expect(page.items.length).toBeLessThanOrEqual(2);
          await build({ projectId });
          await store.builds.markQueued(made[pages] ?? "", 1);
          if (page.next === undefined) break;
          cursor = page.next;
        }
        expect(seen).toEqual(made.toReversed());
      });

      it.each([
        { limit: 0 },
        { limit: 201 },
        { limit: 1.5 },
        { limit: Number.NaN },
        { limit: 5, cursor: "" },
        { limit: 5, cursor: "%%%" },
        { limit: 5, cursor: Buffer.from('["projects",1,"a"]').toString("base64url") },
        { limit: 5, cursor: Buffer.from('["builds","1"]').toString("base64url") },
        { limit: 5, cursor: Buffer.from('["builds",1e300]').toString("base64url") },
        { limit: 5, cursor: Buffer.from('{"builds":1}').toString("base64url") },
      ])("refuse the page %j", async (page) => {
        await expect(given().store.builds.list({}, page)).rejects.toMatchObject({ code: "InvalidSpec" });
      });
    });
  });
}
