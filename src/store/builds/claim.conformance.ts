import { describe, expect, it } from "vitest";
import { CLAIM, type TestStore } from "../store.fixture.ts";

export function claimConformance(given: () => TestStore): void {
  describe("claims", () => {
    it("take a pending or queued build, and start it", async () => {
      const { store, clock, build } = given();
      const made = await build();
      clock.advance(100);
      const claimed = await store.builds.claim(CLAIM);
      expect(claimed).toEqual({
        build: { ...made, status: "running", queuedAt: clock.now(), startedAt: clock.now(), version: 2 },
        lease: { buildId: made.id, fence: 1 },
        resumed: false,
        lostLeases: 0,
      });
      expect(await store.builds.claim(CLAIM)).toBeUndefined();
      expect(await store.builds.get(made.id)).toEqual(claimed?.build);
    });

    it("of 50 at once over 20 builds each build goes to exactly one", async () => {
      const { store, project, build } = given();
      const projects = await Promise.all(Array.from({ length: 4 }, () => project()));
      const made = await Promise.all(
        Array.from({ length: 20 }, (_, i) => build({ projectId: projects[i % 4]?.id ?? "" })),
      );
      const prefer = made.map(({ id }) => id);
      const claims = await Promise.all(
        Array.from({ length: 50 }, (_, i) => {
          const preferred = i % 2 === 0 ? prefer[i % 20] : undefined;
          return store.builds.claim({
            ...CLAIM,
            owner: `worker ${i}`,
            ...(preferred === undefined ? {} : { prefer: preferred }),
          });
        }),
      );
      const taken = claims.flatMap((claim) => (claim === undefined ? [] : [claim.build.id]));
      expect(taken.toSorted()).toEqual(prefer.toSorted());
    });

    it("keep the quota of the server and of each project, also at once", async () => {
      const { store, project, build } = given();
      const { id: free } = await project();
      const { id: tight } = await project({ settings: { maxBuilds: 1 } });
      for (let i = 0; i < 6; i++) {
        await build({ projectId: free });
        await build({ projectId: tight });
      }
      const request = { ...CLAIM, maxBuilds: 4, maxBuildsPerProject: 3 };
      const claims = await Promise.all(Array.from({ length: 20 }, () => store.builds.claim(request)));
      const taken = claims.flatMap((claim) => (claim === undefined ? [] : [claim.build.projectId]));
      expect(taken.toSorted()).toEqual([free, free, free, tight].toSorted());
      const wider = { ...CLAIM, maxBuilds: 5, maxBuildsPerProject: 9 };
      expect((await store.builds.claim(wider))?.build.projectId).toBe(free);
      expect(await store.builds.claim(wider)).toBeUndefined();
    });

    it("give the project with the fewest running builds its turn, then the oldest build", async () => {
      const { store, project, build } = given();
      const [{ id: busy }, { id: other }] = [await project(), await project()];
      const first = [
        await build({ projectId: busy }),
        await build({ projectId: busy }),
        await build({ projectId: busy }),
      ];
      const late = [await build({ projectId: other }), await build({ projectId: other })];
      const order = [];
      for (let i = 0; i < 5; i++) order.push((await store.builds.claim(CLAIM))?.build.id);
      expect(order).toEqual([first[0]?.id, late[0]?.id, first[1]?.id, late[1]?.id, first[2]?.id]);
    });

    it("take the preferred build if it may be taken, else the fairest", async () => {
      const { store, project, build } = given();
      const { id: projectId } = await project();
      const older = await build({ projectId });
      const wanted = await build({ projectId });
      const { id: full } = await project({ settings: { maxBuilds: 0 } });
      const barred = await build({ projectId: full });
      const claim = async (prefer: string) => (await store.builds.claim({ ...CLAIM, prefer }))?.build.id;
      expect(await claim(wanted.id)).toBe(wanted.id);
      expect(await claim(barred.id)).toBe(older.id);
      expect(await claim(wanted.id)).toBeUndefined();
      expect(await claim("none")).toBeUndefined();
    });

    it("take a running build whose lease ran out before all others, past the quotas, with a new fence", async () => {
      const { store, clock, build } = given();
      const lost = await build();
      const first = await store.builds.claim(CLAIM);
      await build();
      clock.advance(CLAIM.leaseMs);
      const tight = { ...CLAIM, owner: "other", maxBuilds: 1 };
      expect(await store.builds.claim(tight)).toBeUndefined();
      clock.advance(1);
      const again = await store.builds.claim(tight);
      expect(again).toMatchObject({
        build: { id: lost.id, status: "running", startedAt: first?.build.startedAt },
        lease: { buildId: lost.id, fence: 2 },
        resumed: true,
        lostLeases: 1,
      });
    });

    it("take a lapsed build that is preferred", async () => {
      const { store, clock, build, running } = given();
      const { build: lost } = await running();
      await build();
      clock.advance(CLAIM.leaseMs + 1);
      expect((await store.builds.claim({ ...CLAIM, prefer: lost.id }))?.build.id).toBe(lost.id);
    });
  });
}
