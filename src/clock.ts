/** Time, as parts of Slipway ask for it; handed in, so that a test decides what the time is. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Milliseconds on a clock that only goes forward; its zero means nothing. */
  monotonic(): number;
  /** Calls back once, after `delayMs`; the returned function takes it back (calling it later does nothing). */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
