import type { Clock } from "../../clock.ts";
import { abortable } from "./wait.ts";

/** How often the API server is asked at most: so many a second on average, so many at once. */
export interface RequestPaceLimits {
  readonly perSecond: number;
  readonly burst: number;
}

const DEFAULT_PACE: RequestPaceLimits = { perSecond: 100, burst: 200 };

/** Lets requests through at a pace, in the order they came. */
export class RequestPace {
  readonly #limits: RequestPaceLimits;
  readonly #clock: Clock;
  /** When the next request may leave, were there no burst. */
  #next = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: RequestPaceLimits = DEFAULT_PACE) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** How long a request that came now would wait, in milliseconds. */
  get delayMs(): number {
    const { perSecond, burst } = this.#limits;
    return Math.max(0, this.#next - this.#clock.monotonic() - (burst * 1000) / perSecond);
  }

  /** `urgent`: something that is under way waits for it; it only makes those after it wait. */
  async turn(signal: AbortSignal, urgent = false): Promise<void> {
    const now = this.#clock.monotonic();
    const delay = urgent ? 0 : this.delayMs;
    this.#next = Math.max(this.#next, now) + 1000 / this.#limits.perSecond;
    if (delay > 0) await abortable(this.#clock, delay, signal);
  }
}
