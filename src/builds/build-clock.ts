/** Time, as a build needs it. */
export interface BuildClock {
  /** Unix time in milliseconds: what events carry. */
  now(): number;
  /** Milliseconds on a clock that only goes forward: what durations are measured with. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` aborts. Never rejects. Holds no process alive after the abort. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}
