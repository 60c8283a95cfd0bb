/**
 * What a controller has to look at: names, each once however often they were told, one at a time, never inside the call
 * that told. What throws is looked at again after a while.
 */
import type { Clock } from "../../../../src/clock.ts";

export class WorkQueue {
  readonly #clock: Clock;
  readonly #work: (key: string) => void;
  readonly #waiting = new Set<string>();
  readonly #later = new Map<string, () => void>();
  readonly #failures = new Map<string, number>();
  #scheduled: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(clock: Clock, work: (key: string) => void) {
    this.#clock = clock;
    this.#work = work;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#waiting.add(key);
    this.#scheduled ??= setImmediate(() => this.#drain());
  }

  /** Looks at it after so long; an earlier time told before stays. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed || this.#later.has(key)) return;
    const takeBack = this.#clock.after(Math.max(0, delayMs), () => {
      this.#later.delete(key);
      this.add(key);
    });
    this.#later.set(key, takeBack);
  }

  close(): void {
    this.#closed = true;
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    for (const takeBack of this.#later.values()) takeBack();
    this.#later.clear();
    this.#waiting.clear();
  }

  #drain(): void {
    this.#scheduled = undefined;
    // In slices, so that two thousand pods keep no request waiting.
    const slice = [...this.#waiting].slice(0, 50);
    for (const key of slice) {
      this.#waiting.delete(key);
      try {
        this.#work(key);
        this.#failures.delete(key);
      } catch {
        const failures = (this.#failures.get(key) ?? 0) + 1;
        this.#failures.set(key, failures);
        this.addAfter(key, Math.min(30_000, 50 * 2 ** failures));
      }
    }
    if (this.#waiting.size > 0 && !this.#closed) this.#scheduled ??= setImmediate(() => this.#drain());
  }
}

export function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}

export function namesOf(key: string): readonly [namespace: string, name: string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}
