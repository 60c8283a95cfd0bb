import type { Clock } from "../clock.ts";
import type { BuildClock } from "./build-clock.ts";

/** Waits on a clock, as `BuildClock.wait` does. */
export function waitOn(clock: Clock): Pick<BuildClock, "wait"> {
  return {
    wait: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        const end = () => {
          stop();
          signal.removeEventListener("abort", end);
          resolve();
        };
        const stop = clock.after(ms, end);
        signal.addEventListener("abort", end, { once: true });
      }),
  };
}
