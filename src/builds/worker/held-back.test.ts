import { expect, it } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import type { ClaimedBuild, UnownedBuild } from "../../store/build-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { HeldBack } from "./held-back.ts";
import { Places } from "./places.ts";
import { settled } from "./worker.fixture.ts";

const claimed = { build: { id: "b" }, lease: { buildId: "b", fence: 1 } } as ClaimedBuild;
const build: UnownedBuild = { id: "b", projectId: "p", status: "queued" };

/** With so many places; `waiting` are the builds that wait, and as many claims as `claimable` give one. */
function trial(places: number, { waiting = 1, claimable = 0 } = {}) {
  const clock = new FakeClock();
  const state = { waiting, claimable, claims: 0, looks: 0, broken: false };
  const offered: string[] = [];
  const free = new Places(places, clock);
  const heldBack = new HeldBack({
    builds: {
      unowned: async () => {
        state.looks += 1;
        if (state.broken) throw new Error("away");
        return state.waiting > 0 ? [build] : [];
      },
    },
    queue: { publishBuild: async ({ buildId }) => void offered.push(buildId) },
    places: free,
    claim: async () => {
      state.claims += 1;
      if (state.broken) throw new Error("away");
      if (state.claimable === 0) return undefined;
      state.claimable -= 1;
      state.waiting -= 1;
      return claimed;
    },
    clock,
    logger: silentLogger,
  });
  return { heldBack, state, offered, free };
}

it("does nothing at the end of a build while nothing is held back", async () => {
  const { heldBack, state, offered } = trial(1);
  heldBack.onFreed();
  await heldBack.offer();
  await settled();
  expect([state.claims, state.looks, offered]).toEqual([0, 0, []]);
});

it("claims while there are places and builds", async () => {
  const { heldBack, state, free } = trial(3, { waiting: 5, claimable: 2 });
  heldBack.note(heldBack.freed);
  heldBack.onFreed();
  await heldBack.settled();
  expect(state.claims).toBe(3);
  expect(free.free).toBe(1);
  expect(heldBack.any).toBe(true);
});

it("forgets once nothing waits any more, and then asks no more", async () => {
  const { heldBack, state } = trial(3, { waiting: 1, claimable: 1 });
  heldBack.note(heldBack.freed);
  heldBack.onFreed();
  await heldBack.settled();
  expect(heldBack.any).toBe(false);
  const { claims } = state;
  heldBack.onFreed();
  await settled();
  expect(state.claims).toBe(claims);
});

it("offers what waits to other workers where no place is free, until nothing waits", async () => {
  const { heldBack, state, offered, free } = trial(1);
  free.takeNow();
  heldBack.note(heldBack.freed);
  heldBack.onFreed();
  await settled();
  expect(offered).toEqual(["b"]);
  state.waiting = 0;
  heldBack.onFreed();
  await settled();
  expect(offered).toEqual(["b"]);
  expect(heldBack.any).toBe(false);
});

it("keeps in mind what it could not claim or offer, and gives the place back", async () => {
  const { heldBack, state, free } = trial(1);
  state.broken = true;
  heldBack.note(heldBack.freed);
  heldBack.onFreed();
  await heldBack.settled();
  await heldBack.offer();
  expect(heldBack.any).toBe(true);
  expect(free.free).toBe(1);
  state.broken = false;
  state.claimable = 1;
  heldBack.onFreed();
  await heldBack.settled();
  expect(state.claims).toBe(2);
});
