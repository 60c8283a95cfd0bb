import type { Clock } from "../../clock.ts";
import type { ExecError } from "../../errors.ts";
import { fromConnectError } from "./connect-error.ts";

export interface CallSettings {
  readonly clock: Clock;
  /** For calls that are no streams: 30 s where absent. */
  readonly timeoutMs?: number;
  /** For how long a stream is begun again while the other side cannot be reached: 10 min where absent. */
  readonly reconnectMs?: number;
}

const TIMEOUT_MS = 30_000;
const RECONNECT_MS = 600_000;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 5_000;

/** One call with a deadline, its error an `ExecError`. */
export async function call<T>(
  { timeoutMs = TIMEOUT_MS }: CallSettings,
  make: (options: { readonly timeoutMs: number }) => Promise<T>,
): Promise<T> {
  try {
    return await make({ timeoutMs });
  } catch (error) {
    throw fromConnectError(error);
  }
}

/**
 * A stream that is begun again where it was cut, until `isWhole` or `signal`. `open` must begin where the last message
 * left off. A stream that ends by itself before it is whole was cut too: its server stops.
 */
export async function* resumedStream<T>(
  { clock, reconnectMs = RECONNECT_MS }: CallSettings,
  signal: AbortSignal,
  open: () => AsyncIterable<T>,
  isWhole: (cut: boolean) => boolean,
): AsyncGenerator<T> {
  let delayMs = FIRST_DELAY_MS;
  let lostAt: number | undefined;
  while (!signal.aborted) {
    let error: ExecError | undefined;
    try {
      for await (const message of open()) {
        delayMs = FIRST_DELAY_MS;
        lostAt = undefined;
        yield message;
      }
    } catch (reason) {
      error = fromConnectError(reason);
    }
    if (signal.aborted || isWhole(error !== undefined)) return;
    lostAt ??= clock.monotonic();
    // A call that ends as cancelled though nobody here cancelled it was cut by the other side.
    const wasCut = error === undefined || error.retryable || error.code === "Cancelled";
    if (error !== undefined && (!wasCut || clock.monotonic() - lostAt >= reconnectMs)) throw error;
    await pause(clock, error?.retryAfterMs ?? delayMs, signal);
    delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      stop();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const stop = clock.after(ms, end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
