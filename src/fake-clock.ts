import type { Clock } from "./clock.ts";

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  #time = 0;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  now(): number {
    return this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#time + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** How many callbacks wait for their time. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves the time on and calls what is due, in order of time. */
  advance(ms: number): void {
    const until = this.#time + ms;
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#time = due.at;
      due.callback();
    }
    this.#time = until;
  }
}
