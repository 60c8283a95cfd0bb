import { describe, expect, it } from "vitest";
import type { ApprovalDecision } from "../approval-store.ts";
import type { ClaimedBuild } from "../build-store.ts";
import type { TestStore } from "../store.fixture.ts";

export function approvalConformance(given: () => TestStore): void {
  const ask = ({ build, lease }: ClaimedBuild, jobKey = "deploy", createdAt = 1_000) =>
    given().store.approvals.request(lease, {
      id: `${jobKey} of ${build.id} at ${createdAt}`,
      buildId: build.id,
      jobKey,
      environment: "prod",
      reviewers: ["anna", "björn"],
      createdAt,
      expiresAt: 5_000,
    });
  const by = (state: ApprovalDecision["state"], at = 2_000): ApprovalDecision => ({
    state,
    by: "anna",
    comment: "fine 🚢",
    at,
  });

  describe("approvals", () => {
    it("are asked for once by a job, and decided once", async () => {
      const { store, running } = given();
      const build = await running();
      const asked = await ask(build);
      expect(asked).toMatchObject({ state: "waiting", reviewers: ["anna", "björn"] });
      expect(await ask(build, "deploy", 1_001)).toEqual(asked);
      const decided = await store.approvals.decide(asked.id, by("approved"));
      expect(decided).toEqual({
        ...asked,
        state: "approved",
        decidedBy: "anna",
        comment: "fine 🚢",
        decidedAt: 2_000,
      });
      expect(await store.approvals.decide(asked.id, by("approved", 3_000))).toEqual(decided);
      await expect(store.approvals.decide(asked.id, by("rejected"))).rejects.toMatchObject({
        code: "Conflict",
      });
      expect(await ask(build)).toEqual(decided);
      await expect(store.approvals.decide("none", by("approved"))).rejects.toMatchObject({
        code: "NotFound",
      });
    });

    it("go to one of many that decide at once", async () => {
      const { store, running } = given();
      const { id } = await ask(await running());
      const decisions = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) =>
          store.approvals.decide(id, { ...by(i % 2 === 0 ? "approved" : "rejected"), by: `${i}` }),
        ),
      );
      const states = new Set(
        decisions.flatMap((each) => (each.status === "fulfilled" ? [each.value.decidedBy] : [])),
      );
      expect(states.size).toBe(1);
    });

    it("expire: then they can only be expired", async () => {
      const { store, running } = given();
      const build = await running();
      const [late, other] = [await ask(build), await ask(build, "other")];
      expect(await store.approvals.expired(4_999, 10)).toEqual([]);
      expect((await store.approvals.expired(5_000, 10)).map(({ id }) => id)).toEqual(
        [late.id, other.id].toSorted(),
      );
      expect(await store.approvals.expired(5_000, 1)).toHaveLength(1);
      await expect(store.approvals.decide(late.id, by("approved", 5_000))).rejects.toMatchObject({
        code: "Conflict",
        message: expect.stringContaining("expired"),
      });
      const expired = await store.approvals.decide(late.id, { state: "expired", by: "clock", at: 5_000 });
      expect(expired.state).toBe("expired");
      expect((await store.approvals.expired(5_000, 10)).map(({ id }) => id)).toEqual([other.id]);
    });

    it("are listed of a build, oldest first", async () => {
      const { store, running } = given();
      const build = await running();
      const [late, early] = [await ask(build, "b", 20), await ask(build, "a", 10)];
      expect(await store.approvals.list(build.build.id)).toEqual([early, late]);
      expect(await store.approvals.list("none")).toEqual([]);
    });

    it("are asked for only for the build of the lease", async () => {
      const { store, running } = given();
      const [one, two] = [await running(), await running()];
      await expect(ask({ ...one, build: two.build })).rejects.toMatchObject({ code: "Conflict" });
      expect(await store.approvals.list(two.build.id)).toEqual([]);
    });
  });
}
