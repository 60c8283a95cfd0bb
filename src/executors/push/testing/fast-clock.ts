import type { Clock } from "../../../clock.ts";

/** Time that goes `factor` times as fast as it does, for waits of minutes around real connections. */
export function fastClock(factor: number): Clock {
  return {
    now: () => Date.now() * factor,
    monotonic: () => performance.now() * factor,
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs / factor);
      return () => clearTimeout(timer);
    },
  };
}
