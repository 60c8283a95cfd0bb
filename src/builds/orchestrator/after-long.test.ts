import { expect, test } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import { afterLong } from "./after-long.ts";
import { armDeadline } from "./build-deadline.ts";

const DAY = 24 * 60 * 60_000;

test.each([0, 1_000, 2 ** 31 - 1, 60 * DAY])("after %i ms it calls back, once, and not before", (delay) => {
  const clock = new FakeClock();
  let calls = 0;
  afterLong(clock, delay, () => {
    calls += 1;
  });
  if (delay > 0) clock.advance(delay - 1);
  expect(calls).toBe(0);
  clock.advance(delay === 0 ? 0 : 1);
  expect(calls).toBe(1);
  clock.advance(delay + DAY);
  expect(calls).toBe(1);
});

test("what is for ever has no timer, and what is taken back calls nobody", () => {
  const clock = new FakeClock();
  let calls = 0;
  const call = () => {
    calls += 1;
  };
  afterLong(clock, Number.POSITIVE_INFINITY, call);
  expect(clock.pending).toBe(0);
  const stop = afterLong(clock, 60 * DAY, call);
  clock.advance(59 * DAY);
  stop();
  clock.advance(10 * DAY);
  expect(calls).toBe(0);
});

test("a build is cancelled at the end of its time, counted from its start, and killed ten minutes later", () => {
  const clock = new FakeClock();
  clock.advance(60_000);
  const told: string[] = [];
  armDeadline(clock, 0, 3, { cancel: () => told.push("cancel"), kill: () => told.push("kill") });
  clock.advance(2 * 60_000 - 1);
  expect(told).toEqual([]);
  clock.advance(1);
  expect(told).toEqual(["cancel"]);
  clock.advance(10 * 60_000);
  expect(told).toEqual(["cancel", "kill"]);
});
