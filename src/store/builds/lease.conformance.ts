import { describe, expect, it } from "vitest";
import { isFinal } from "../../status.ts";
import type { BuildStatus } from "../build-record.ts";
import { CLAIM, jobAdded, newJob, newStep, stepAdded, type TestStore } from "../store.fixture.ts";

export function leaseConformance(given: () => TestStore): void {
  describe("leases", () => {
    it("last as long as they are prolonged", async () => {
      const { store, clock, running } = given();
      const { lease } = await running();
      for (let i = 0; i < 3; i++) {
        clock.advance(CLAIM.leaseMs - 1);
        expect(await store.builds.heartbeat(CLAIM.owner, [lease], CLAIM.leaseMs)).toEqual([]);
      }
      expect(await store.builds.claim(CLAIM)).toBeUndefined();
      clock.advance(CLAIM.leaseMs + 1);
      // Nobody has taken it meanwhile.
      expect(await store.builds.heartbeat(CLAIM.owner, [lease], CLAIM.leaseMs)).toEqual([]);
      expect(await store.builds.claim(CLAIM)).toBeUndefined();
    });

    it("that are lost are told by the heartbeat: claimed by another, ended, or never there", async () => {
      const { store, clock, running } = given();
      const kept = await running();
      const stolen = await running();
      const ended = await running();
      await store.builds.advance(ended.lease, [{ kind: "build-moved", to: "succeeded", at: clock.now() }]);
      clock.advance(CLAIM.leaseMs + 1);
      await store.builds.heartbeat(CLAIM.owner, [kept.lease], CLAIM.leaseMs);
      const thief = await store.builds.claim({ ...CLAIM, owner: "thief" });
      expect(thief?.build.id).toBe(stolen.build.id);
      const none = { buildId: "none", fence: 1 };
      const lost = await store.builds.heartbeat(
        CLAIM.owner,
        [kept.lease, stolen.lease, ended.lease, none],
        CLAIM.leaseMs,
      );
      expect(lost).toEqual([stolen.lease, ended.lease, none]);
      expect(await store.builds.heartbeat("thief", [kept.lease], 1)).toEqual([kept.lease]);
      expect(await store.builds.heartbeat(CLAIM.owner, [], 1)).toEqual([]);
    });

    it("that are given back may be claimed at once, and change nothing any more", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      await store.builds.release([lease, { buildId: "none", fence: 1 }]);
      await store.builds.release([]);
      expect(await store.builds.heartbeat(CLAIM.owner, [lease], CLAIM.leaseMs)).toEqual([lease]);
      await expect(store.builds.advance(lease, [])).rejects.toMatchObject({ code: "Conflict" });
      const next = await store.builds.claim({ ...CLAIM, owner: "next" });
      expect(next).toMatchObject({ build: { id: build.id }, resumed: true, lostLeases: 0 });
      await store.builds.release([lease]);
      expect(await store.builds.heartbeat("next", next === undefined ? [] : [next.lease], 1)).toEqual([]);
    });

    it("of workers of an earlier process are all given back at once", async () => {
      const { store, running, build } = given();
      const [one, two] = [await running(), await running()];
      await build();
      expect(await store.builds.releaseAll()).toBe(2);
      await expect(store.builds.advance(one.lease, [])).rejects.toMatchObject({ code: "Conflict" });
      const claimed = [await store.builds.claim(CLAIM), await store.builds.claim(CLAIM)];
      expect(claimed.map((claim) => claim?.build.id).toSorted()).toEqual(
        [one.build.id, two.build.id].toSorted(),
      );
      // That process is gone, and may have gone for one of them.
      expect(claimed.map((claim) => claim?.lostLeases)).toEqual([1, 1]);
    });

    it("that are old change nothing", async () => {
      const { store, clock, running } = given();
      const { build, lease } = await running();
      clock.advance(CLAIM.leaseMs + 1);
      const next = await store.builds.claim({ ...CLAIM, owner: "next" });
      const before = await store.builds.get(build.id);
      const job = newJob(build.id);
      const attempts = [
        () => store.builds.advance(lease, [jobAdded(job)]),
        () => store.builds.advance(lease, [{ kind: "build-moved", to: "failed", at: 1 }]),
        () =>
          store.slots.take(lease, {
            projectId: build.projectId,
            jobKey: "a",
            maxJobs: 9,
            maxJobsOfProject: 9,
          }),
        () =>
          store.groups.enter(lease, {
            projectId: build.projectId,
            group: "g",
            holder: "h",
            within: [],
            cancelInProgress: false,
            queue: "single",
            at: 1,
          }),
        () =>
          store.approvals.request(lease, {
            id: "approval",
            buildId: build.id,
            jobKey: "a",
            environment: "prod",
            reviewers: [],
            createdAt: 1,
            expiresAt: 2,
          }),
      ];
      for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ code: "Conflict" });
      await store.builds.release([lease]);
      expect(await store.builds.get(build.id)).toEqual(before);
      expect(await store.builds.jobs(build.id)).toEqual([]);
      expect(await store.groups.placements(build.id)).toEqual([]);
      expect(await store.builds.heartbeat("next", next === undefined ? [] : [next.lease], 1)).toEqual([]);
    });
  });

  describe("cancelling", () => {
    const reach: Record<BuildStatus, (test: TestStore) => Promise<string>> = {
      pending: async ({ build }) => (await build()).id,
      queued: async ({ build, store }) => (await store.builds.markQueued((await build()).id, 5)).id,
      running: async ({ running }) => (await running()).build.id,
      succeeded: (test) => end(test, "succeeded"),
      failed: (test) => end(test, "failed"),
      cancelled: (test) => end(test, "cancelled"),
    };
    const states = Object.keys(reach) as BuildStatus[];

    it.each(states)("a build that is %s is idempotent", async (status) => {
      const test = given();
      const id = await reach[status](test);
      const before = await test.store.builds.get(id);
      const after = await test.store.builds.requestCancel(id, "not needed", 77);
      if (isFinal(status)) expect(after).toEqual(before);
      else if (status === "running")
        expect(after).toEqual({ ...before, cancelReason: "not needed", version: before.version + 1 });
      else
        expect(after).toEqual({
          ...before,
          status: "cancelled",
          cancelReason: "not needed",
          finishedAt: 77,
          version: before.version + 1,
        });
      expect(await test.store.builds.requestCancel(id, "again", 78)).toEqual(after);
      expect(await test.store.builds.cancelWishes([id, "none"])).toEqual(
        status === "running" ? [{ buildId: id, reason: "not needed" }] : [],
      );
      if (status !== "running")
        expect(await test.store.builds.claim({ ...CLAIM, prefer: id })).toBeUndefined();
    });

    it.each(states)("by failing a build that is %s ends it unless it is run", async (status) => {
      const test = given();
      const id = await reach[status](test);
      const before = await test.store.builds.get(id);
      const failing = test.store.builds.fail(id, "the message was poison", 99);
      if (status === "running") {
        await expect(failing).rejects.toMatchObject({ code: "Conflict" });
        expect(await test.store.builds.get(id)).toEqual(before);
      } else if (isFinal(status)) expect(await failing).toEqual(before);
      else
        expect(await failing).toMatchObject({
          status: "failed",
          error: "the message was poison",
          errorCode: "Permanent",
          finishedAt: 99,
        });
    });

    it("by failing a build whose worker was lost ends what was in it, and its slots", async () => {
      const { store, clock, running } = given();
      const { build, lease } = await running();
      const job = newJob(build.id);
      const step = newStep(build.id, job.id, { status: "running" });
      await store.builds.advance(lease, [jobAdded({ ...job, status: "running" }), stepAdded(step)]);
      await store.slots.take(lease, {
        projectId: build.projectId,
        jobKey: "a",
        maxJobs: 1,
        maxJobsOfProject: 1,
      });
      clock.advance(CLAIM.leaseMs + 1);
      const failed = await store.builds.fail(build.id, "poison", clock.now());
      expect(failed.status).toBe("failed");
      expect(await store.builds.job(job.id)).toMatchObject({ status: "cancelled", finishedAt: clock.now() });
      expect(await store.builds.step(step.id)).toMatchObject({
        status: "cancelled",
        finishedAt: clock.now(),
      });
      await expect(store.builds.advance(lease, [])).rejects.toMatchObject({ code: "Conflict" });
      const other = await running();
      const request = { projectId: other.build.projectId, jobKey: "b", maxJobs: 1, maxJobsOfProject: 1 };
      expect(await store.slots.take(other.lease, request)).toBe(true);
    });
  });
}

async function end({ running, store }: TestStore, to: BuildStatus): Promise<string> {
  const { build, lease } = await running();
  await store.builds.advance(lease, [{ kind: "build-moved", to, at: 50 }]);
  return build.id;
}
