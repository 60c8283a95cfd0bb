/** How often a delivery is tried, and how long it waits before each further try. */
export interface DeliveryBackoff {
  /** The first one counts. */
  readonly maxAttempts: number;
  /** Milliseconds after the first, second, … attempt; the last holds for every further one. */
  readonly delaysMs: readonly number[];
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Over a bit more than half a day, so that a receiver may be away for a night. */
export const DEFAULT_BACKOFF: DeliveryBackoff = {
  maxAttempts: 10,
  delaysMs: [10 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR],
};

const MAX_RETRY_AFTER_MS = 6 * HOUR;

export interface FailedAttempt {
  /** Counted from 1. */
  readonly attempt: number;
  readonly now: number;
  /** The header, as it came. */
  readonly retryAfter?: string | undefined;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

/**
 * When a delivery is tried again, a fifth earlier or later by chance, so that many do not come back at once, and not
 * before the receiver asked for it. Undefined: never.
 */
export function nextAttemptAt(
  { maxAttempts, delaysMs }: DeliveryBackoff,
  { attempt, now, retryAfter, random }: FailedAttempt,
): number | undefined {
  if (attempt >= maxAttempts) return undefined;
  const delayMs = delaysMs[attempt - 1] ?? delaysMs.at(-1) ?? 0;
  const spread = delayMs * (0.8 + 0.4 * random());
  const asked = Math.min(askedMs(retryAfter, now), MAX_RETRY_AFTER_MS);
  return now + Math.round(Math.max(spread, asked));
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function askedMs(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * SECOND;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, date - now);
}
