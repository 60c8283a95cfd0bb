import type { Clock } from "../../clock.ts";
import { afterLong } from "./after-long.ts";

/** After the end of its time a build is cancelled; jobs that run `always()` have so long before they are killed. */
const GRACE_MS = 10 * 60_000;

/** Calls back when a build has taken longer than it may, and again when it does not end then. Gives how to stop. */
export function armDeadline(
  clock: Clock,
  startedAt: number,
  minutes: number,
  on: { readonly cancel: () => void; readonly kill: () => void },
): () => void {
  const left = startedAt + minutes * 60_000 - clock.now();
  const stopCancel = afterLong(clock, left, on.cancel);
  const stopKill = afterLong(clock, left + GRACE_MS, on.kill);
  return () => {
    stopCancel();
    stopKill();
  };
}
