import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";

export interface Patience {
  readonly clock: Clock;
  /** Aborted: nothing is tried any more, and what waits rejects with the reason. */
  readonly signal: AbortSignal;
  /** Told once for each call, when it had to be tried again. */
  readonly onWait?: (error: ExecError) => void;
}

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/**
 * Calls until the records can be reached: `Transient` (an engine that is away) and `QuotaExceeded` (a disk that is full)
 * are tried again, with growing delay, for as long as it takes. Rejects with any other error.
 */
export async function untilReached<T>(patience: Patience, call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    patience.signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      patience.signal.throwIfAborted();
      if (!mayPass(error)) throw error;
      if (tries === 0) patience.onWait?.(error);
      const grown = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries, 10), LONGEST_DELAY_MS);
      await pause(Math.max(grown, error.retryAfterMs ?? 0), patience);
    }
  }
}

function mayPass(error: unknown): error is ExecError {
  return error instanceof ExecError && (error.code === "Transient" || error.code === "QuotaExceeded");
}

function pause(ms: number, { clock, signal }: Patience): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      stop();
      reject(signal.reason);
    };
    const stop = clock.after(ms, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
