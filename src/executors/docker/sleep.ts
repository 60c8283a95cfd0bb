import type { Clock } from "../../clock.ts";

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export async function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const over = Promise.withResolvers<void>();
  const stop = clock.after(delayMs, over.resolve);
  const aborted = () => over.reject(signal?.reason);
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    await over.promise;
  } finally {
    stop();
    signal?.removeEventListener("abort", aborted);
  }
}
