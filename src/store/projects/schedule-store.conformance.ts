import { describe, expect, it } from "vitest";
import type { TestStore } from "../store.fixture.ts";

export function scheduleConformance(given: () => TestStore): void {
  async function pipeline(): Promise<string> {
    const { store, project } = given();
    const { id: projectId } = await project();
    const made = { projectId, name: "ci", path: "ci.yml", enabled: true, createdAt: 1, updatedAt: 1 };
    return (await store.projects.createPipeline({ id: `ci of ${projectId}`, ...made })).id;
  }

  describe("schedules", () => {
    const nightly = { cron: "0 3 * * *", timezone: "UTC", nextAt: 100 };
    const weekly = { cron: "0 3 * * 1", timezone: "Europe/Berlin", nextAt: 200 };

    it("that stay keep their time, others come and go", async () => {
      const { store } = given();
      const id = await pipeline();
      await store.schedules.replace(id, [nightly]);
      await store.schedules.replace(id, [weekly, { ...nightly, nextAt: 999 }]);
      const kept = await store.schedules.list(id);
      expect(kept).toMatchObject([nightly, weekly]);
      await store.schedules.replace(id, [{ ...nightly, timezone: "Asia/Tokyo" }]);
      expect(await store.schedules.list(id)).toMatchObject([{ ...nightly, timezone: "Asia/Tokyo" }]);
      await store.schedules.replace(id, []);
      expect(await store.schedules.list(id)).toEqual([]);
      await expect(store.schedules.replace("none", [nightly])).rejects.toMatchObject({ code: "NotFound" });
    });

    it("that are due fire exactly once, however many try", async () => {
      const { store } = given();
      const id = await pipeline();
      await Promise.all(Array.from({ length: 4 }, () => store.schedules.replace(id, [nightly, weekly])));
      expect(await store.schedules.due(99, 10)).toEqual([]);
      const due = await store.schedules.due(200, 10);
      expect(due.map(({ cron }) => cron)).toEqual([nightly.cron, weekly.cron]);
      expect(await store.schedules.due(200, 1)).toHaveLength(1);
      const first = due[0]?.id ?? "";
      const fired = await Promise.all(Array.from({ length: 8 }, () => store.schedules.fire(first, 100, 300)));
      expect(fired.filter(Boolean)).toHaveLength(1);
      expect((await store.schedules.due(200, 10)).map(({ cron }) => cron)).toEqual([weekly.cron]);
      expect(await store.schedules.fire("none", 1, 2)).toBe(false);
    });
  });
}
