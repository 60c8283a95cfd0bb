/** How often a message that failed comes again, and after what time. */
export interface RetryPolicy {
  /** The delivery after which a message that fails once more is a dead letter; the first one counts. */
  readonly maxDeliveries: number;
  /** Milliseconds after the first, second, … delivery; the last holds for every further one. At least one. */
  readonly delaysMs: readonly number[];
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxDeliveries: 8,
  delaysMs: [1_000, 5_000, 15_000, 60_000, 300_000],
};

/** How long a message waits that failed in this delivery (counted from 1); undefined: it is a dead letter. */
export function delayAfter(policy: RetryPolicy, delivery: number): number | undefined {
  if (delivery >= policy.maxDeliveries) return undefined;
  return policy.delaysMs[delivery - 1] ?? policy.delaysMs.at(-1);
}
