import type { Clock } from "../../clock.ts";

/** So many builds at once: places that are taken and given back, in the order they were asked for. */
export class Places {
  readonly #clock: Clock;
  readonly #waiting = new Set<(got: boolean) => void>();
  #free: number;
  #closed = false;

  constructor(count: number, clock: Clock) {
    this.#free = count;
    this.#clock = clock;
  }

  get free(): number {
    return this.#closed ? 0 : Math.max(0, this.#free);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** True: a place is taken; `give` gives it back. False: there was none in this time, or there will be none. */
  async take(waitMs: number): Promise<boolean> {
    if (this.takeNow()) return true;
    if (this.#closed) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.add(resolve);
    const stop = this.#clock.after(waitMs, () => {
      if (this.#waiting.delete(resolve)) resolve(false);
    });
    const got = await promise;
    stop();
    return got;
  }

  takeNow(): boolean {
    if (this.#closed || this.#free <= 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Also where there is none: what goes on with something that it had begun is not made to wait. */
  force(): void {
    this.#free -= 1;
  }

  give(): void {
    if (this.#free < 0) {
      this.#free += 1;
      return;
    }
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      next(true);
      return;
    }
    this.#free += 1;
  }

  /** Nothing is taken any more, and whoever waits gets none. */
  close(): void {
    this.#closed = true;
    for (const next of this.#waiting) next(false);
    this.#waiting.clear();
  }
}
