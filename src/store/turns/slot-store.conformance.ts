import { describe, expect, it } from "vitest";
import type { TestStore } from "../store.fixture.ts";

export function slotConformance(given: () => TestStore): void {
  describe("slots", () => {
    it("are taken up to the limits of the project and the server, also at once", async () => {
      const { store, running } = given();
      const one = await running();
      const two = await running({ projectId: one.build.projectId });
      const other = await running();
      const take = ({ lease, build }: typeof one, jobKey: string) =>
        store.slots.take(lease, { projectId: build.projectId, jobKey, maxJobs: 5, maxJobsOfProject: 3 });
      const taken = await Promise.all(
        Array.from({ length: 4 }, (_, i) => [
          take(one, `a${i}`),
          take(two, `b${i}`),
          take(other, `c${i}`),
        ]).flat(),
      );
      expect(taken.filter(Boolean)).toHaveLength(5);
      const ofProject = taken.filter((got, i) => got && i % 3 !== 2);
      expect(ofProject.length).toBeLessThanOrEqual(3);
    });

    it("that a job holds it may take again; given back they serve another", async () => {
      const { store, running } = given();
      const { lease, build } = await running();
      const request = { projectId: build.projectId, jobKey: "a", maxJobs: 1, maxJobsOfProject: 1 };
      expect(await store.slots.take(lease, request)).toBe(true);
      expect(await store.slots.take(lease, request)).toBe(true);
      expect(await store.slots.take(lease, { ...request, jobKey: "b" })).toBe(false);
      await store.slots.give(build.id, "a");
      await store.slots.give(build.id, "a");
      expect(await store.slots.take(lease, { ...request, jobKey: "b" })).toBe(true);
      expect(await store.slots.take(lease, request)).toBe(false);
    });

    it("go with their build", async () => {
      const { store, running } = given();
      const ended = await running();
      const request = (projectId: string) => ({ projectId, jobKey: "a", maxJobs: 1, maxJobsOfProject: 1 });
      expect(await store.slots.take(ended.lease, request(ended.build.projectId))).toBe(true);
      const next = await running();
      expect(await store.slots.take(next.lease, request(next.build.projectId))).toBe(false);
      await store.builds.advance(ended.lease, [{ kind: "build-moved", to: "failed", at: 9 }]);
      expect(await store.slots.take(ended.lease, request(ended.build.projectId))).toBe(false);
      expect(await store.slots.take(next.lease, request(next.build.projectId))).toBe(true);
    });
  });
}
