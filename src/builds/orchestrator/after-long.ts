import type { Clock } from "../../clock.ts";

/** Timers of the system take no longer than this, and fire at once where they are asked to. */
const LONGEST_MS = 2 ** 31 - 1;

/** As `Clock.after`, for any length of time; Infinity never comes. */
export function afterLong(clock: Clock, delayMs: number, callback: () => void): () => void {
  const until = clock.now() + Math.max(0, delayMs);
  if (until === Number.POSITIVE_INFINITY) return () => {};
  let stop = () => {};
  const arm = () => {
    const left = until - clock.now();
    stop = clock.after(Math.min(Math.max(0, left), LONGEST_MS), () => {
      if (clock.now() >= until || left <= LONGEST_MS) callback();
      else arm();
    });
  };
  arm();
  return () => stop();
}
