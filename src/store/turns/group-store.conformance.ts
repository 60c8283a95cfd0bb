import { describe, expect, it } from "vitest";
import type { ClaimedBuild } from "../build-store.ts";
import type { GroupEntry } from "../group-store.ts";
import type { TestStore } from "../store.fixture.ts";

export function groupConformance(given: () => TestStore): void {
  const enter = ({ build, lease }: ClaimedBuild, change: Partial<GroupEntry> = {}) =>
    given().store.groups.enter(lease, {
      projectId: build.projectId,
      group: "Deploy",
      holder: "build",
      within: [],
      cancelInProgress: false,
      queue: "single",
      at: given().clock.now(),
      ...change,
    });
  /** Builds of one project that run. */
  async function builds(count: number): Promise<readonly ClaimedBuild[]> {
    const { running, project } = given();
    const { id: projectId } = await project();
    const made: ClaimedBuild[] = [];
    for (let i = 0; i < count; i++) made.push(await running({ projectId }));
    return made;
  }
  const at = (list: readonly ClaimedBuild[], index: number): ClaimedBuild => {
    const found = list[index];
    if (found === undefined) throw new Error(`there is no build ${index}`);
    return found;
  };
  const holder = ({ build }: ClaimedBuild) => ({ buildId: build.id, holder: "build" });
  const state = async ({ build }: ClaimedBuild) =>
    (await given().store.groups.placements(build.id)).map((placement) => placement.state);

  describe("concurrency groups", () => {
    it("run one at a time, and the next when it leaves", async () => {
      const { store } = given();
      const list = await builds(2);
      const [one, two] = [at(list, 0), at(list, 1)];
      expect(await enter(one)).toEqual({ ...holder(one), state: "running", changed: [] });
      expect(await enter(two, { group: "DEPLOY" })).toEqual({
        ...holder(two),
        state: "waiting",
        changed: [],
      });
      expect(await enter(one)).toMatchObject({ state: "running" });
      expect(await enter(two)).toMatchObject({ state: "waiting" });
      expect(await store.groups.leave(one.build.id, "build")).toEqual(holder(two));
      expect(await store.groups.leave(one.build.id, "build")).toBeUndefined();
      expect(await state(two)).toEqual(["running"]);
      expect(await store.groups.leave(two.build.id, "build")).toBeUndefined();
      expect(await enter(one)).toMatchObject({ state: "running" });
    });

    it("are each project's own, and each name's", async () => {
      const { running } = given();
      const [one, two] = [await running(), await running()];
      expect(await enter(one)).toMatchObject({ state: "running" });
      expect(await enter(two)).toMatchObject({ state: "running" });
      expect(await enter(one, { group: "other", holder: "job" })).toMatchObject({ state: "running" });
    });

    it("let a newer one take the place of those that wait", async () => {
      const list = await builds(3);
      const [one, two, three] = [at(list, 0), at(list, 1), at(list, 2)];
      await enter(one);
      await enter(two);
      expect(await enter(three)).toMatchObject({ state: "waiting", changed: [holder(two)] });
      expect(await given().store.groups.placements(two.build.id)).toEqual([
        {
          ...holder(two),
          state: "cancelled",
          reason: "Canceling since a higher priority waiting request for 'Deploy' exists",
          changed: [],
        },
      ]);
      expect(await given().store.groups.leave(two.build.id, "build")).toBeUndefined();
      expect(await given().store.groups.leave(one.build.id, "build")).toEqual(holder(three));
    });

    it("cancel what runs for cancel-in-progress; it keeps the group until it leaves", async () => {
      const list = await builds(3);
      const [one, two, three] = [at(list, 0), at(list, 1), at(list, 2)];
      await enter(one);
      expect(await enter(two, { cancelInProgress: true })).toMatchObject({
        state: "waiting",
        changed: [holder(one)],
      });
      expect(await state(one)).toEqual(["cancelled"]);
      expect(await enter(three, { cancelInProgress: true })).toMatchObject({ changed: [holder(two)] });
      expect(await given().store.groups.leave(one.build.id, "build")).toEqual(holder(three));
    });

    it("let up to 100 wait in order with queue max, and refuse the next", async () => {
      const list = await builds(4);
      await enter(at(list, 0));
      const waiting = [at(list, 1), at(list, 2)];
      for (const build of waiting)
        expect(await enter(build, { queue: "max" })).toMatchObject({ changed: [] });
      for (let i = 0; i < 98; i++) await enter(at(list, 1), { queue: "max", holder: `job ${i}` });
      expect(await enter(at(list, 3), { queue: "max" })).toMatchObject({
        state: "cancelled",
        reason: "Canceling since 100 already wait for concurrency group 'Deploy'",
      });
      expect(await given().store.groups.leave(at(list, 0).build.id, "build")).toEqual(holder(at(list, 1)));
      expect(await given().store.groups.leave(at(list, 1).build.id, "build")).toEqual(holder(at(list, 2)));
    });

    it("see that a job would wait for the build it is in", async () => {
      const { running } = given();
      const one = await running();
      await enter(one);
      const inner = await enter(one, { holder: "job", within: ["build"] });
      expect(inner).toMatchObject({ state: "cancelled", reason: expect.stringContaining("deadlock") });
      expect(await state(one)).toEqual(["running", "cancelled"]);
    });

    it("give one place at once to many that come together", async () => {
      const list = await builds(10);
      const placements = await Promise.all(list.map((build) => enter(build, { queue: "max" })));
      expect(placements.filter((placement) => placement.state === "running")).toHaveLength(1);
      const order = [];
      for (let next = placements.find(({ state: now }) => now === "running")?.buildId; next !== undefined; ) {
        order.push(next);
        next = (await given().store.groups.leave(next, "build"))?.buildId;
      }
      expect(order.toSorted()).toEqual(list.map(({ build }) => build.id).toSorted());
    });

    it("are freed of what ended builds left", async () => {
      const { store } = given();
      const list = await builds(4);
      for (const build of list) await enter(build, { queue: "max" });
      for (const { lease } of list.slice(0, 3))
        await store.builds.advance(lease, [{ kind: "build-moved", to: "cancelled", at: 9 }]);
      expect(await store.groups.sweep()).toEqual([holder(at(list, 3))]);
      expect(await store.groups.sweep()).toEqual([]);
      expect(await store.groups.placements(at(list, 0).build.id)).toEqual([]);
    });
  });
}
