import { expect, test } from "vitest";
import { ExecError } from "../../errors.ts";
import { FakeClock } from "../../fake-clock.ts";
import { untilReached } from "./until-reached.ts";

/** Rejects with these errors, one after another, then gives `done`. */
function failing(...errors: readonly unknown[]) {
  let calls = 0;
  return {
    get calls() {
      return calls;
    },
    call: async () => {
      const error = errors[calls];
      calls += 1;
      if (error !== undefined) throw error;
      return "done";
    },
  };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

test("what may pass is tried again, with growing delay, and told once", async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const away = new ExecError("Transient", "away");
  const target = failing(away, new ExecError("QuotaExceeded", "full"), away);
  const { signal } = new AbortController();
  const answer = untilReached({ clock, signal, onWait: ({ message }) => told.push(message) }, target.call);
  for (const [delay, calls] of [
    [100, 2],
    [200, 3],
    [400, 4],
  ] as const) {
    await settle();
    expect(target.calls).toBe(calls - 1);
    clock.advance(delay - 1);
    await settle();
    expect(target.calls).toBe(calls - 1);
    clock.advance(1);
    await settle();
    expect(target.calls).toBe(calls);
  }
  expect(await answer).toBe("done");
  expect(told).toEqual(["away"]);
});

test("an engine that says when to come again is not asked before", async () => {
  const clock = new FakeClock();
  const target = failing(new ExecError("Transient", "away", { retryAfterMs: 3_000 }));
  const answer = untilReached({ clock, signal: new AbortController().signal }, target.call);
  await settle();
  clock.advance(2_999);
  await settle();
  expect(target.calls).toBe(1);
  clock.advance(1);
  expect(await answer).toBe("done");
});

test.each([
  ["Conflict", new ExecError("Conflict", "lost")],
  ["anything else", new TypeError("a mistake")],
])("%s is no matter of patience", async (_what, error) => {
  const target = failing(error);
  const patience = { clock: new FakeClock(), signal: new AbortController().signal };
  await expect(untilReached(patience, target.call)).rejects.toBe(error);
  expect(target.calls).toBe(1);
});

test("the end of all patience ends the wait, and no timer is left", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const target = failing(new ExecError("Transient", "away"));
  const answer = untilReached({ clock, signal: stop.signal }, target.call);
  await settle();
  const reason = new Error("over");
  stop.abort(reason);
  await expect(answer).rejects.toBe(reason);
  expect(clock.pending).toBe(0);
  await expect(untilReached({ clock, signal: stop.signal }, target.call)).rejects.toBe(reason);
  expect(target.calls).toBe(1);
});
