import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import type { ExecutorUnderTest } from "./executor-under-test.ts";
import { Trial } from "./trial.ts";

/** Whatever a case did: nothing of its jobs is left, nothing was told after their end, and notes are whole lines. */
export async function tryOut(
  open: () => Promise<ExecutorUnderTest>,
  run: ConformanceCase["run"],
): Promise<void> {
  const trial = new Trial(await open());
  try {
    await run(trial);
    await trial.release();
    expect(await trial.place.leftovers()).toEqual([]);
    // What was on its way when the end came is there by the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    expect(trial.toldTooLate).toEqual([]);
    expect(trial.said.notes.filter((note) => note.includes("\n"))).toEqual([]);
  } finally {
    await trial.close();
  }
}
