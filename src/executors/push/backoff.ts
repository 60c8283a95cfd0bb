import type { Clock } from "../../clock.ts";

export interface BackoffOptions {
  readonly clock: Pick<Clock, "after">;
  /** At least 0 and less than 1. */
  readonly random: () => number;
  readonly firstMs?: number;
  readonly mostMs?: number;
}

/** Pauses that grow while something fails, a part of each by chance: many who lost the same server come back one by one. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** How often it failed since it last went well. */
  get failures(): number {
    return this.#failures;
  }

  reset(): void {
    this.#failures = 0;
  }

  /** Not shorter than what the server asked for. Ends at once with the signal. */
  async wait(signal: AbortSignal, atLeastMs = 0): Promise<void> {
    const { clock, random, firstMs = 200, mostMs = 10_000 } = this.#options;
    const full = Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    await pause(clock, Math.max(atLeastMs, full / 2 + (random() * full) / 2), signal);
  }
}

async function pause(clock: Pick<Clock, "after">, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done);
  });
}
