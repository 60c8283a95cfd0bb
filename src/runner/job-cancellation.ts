import type { Clock } from "../clock.ts";

export interface CancelCause {
  readonly kind: "cancelled" | "timeout";
  readonly message: string;
}

/**
 * The end of a job before its time: asked for, or because its time is over. Running steps are asked whether their
 * condition still holds (each registers with `onCancel`); what then still runs has a budget, after which everything
 * is killed.
 */
export class JobCancellation {
  readonly #clock: Clock;
  readonly #budgetMs: number;
  readonly #requested = new AbortController();
  readonly #kill = new AbortController();
  readonly #listeners = new Set<() => void>();
  #cause: CancelCause | undefined;
  #takeBackBudget = () => {};
  #overBudget = false;

  constructor(clock: Clock, budgetMs: number) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  get cause(): CancelCause | undefined {
    return this.#cause;
  }

  /** True: what still ran after the cancel took too long. */
  get overBudget(): boolean {
    return this.#overBudget;
  }

  /** Aborted when the job is cancelled or killed: for work that no condition may keep alive. */
  get requested(): AbortSignal {
    return this.#requested.signal;
  }

  /** Aborted: whatever runs is killed, nothing is started any more. */
  get killed(): AbortSignal {
    return this.#kill.signal;
  }

  /** The first cause counts. */
  cancel(cause: CancelCause): void {
    if (this.#cause !== undefined) return;
    this.#cause = cause;
    this.#takeBackBudget = this.#clock.after(this.#budgetMs, () => {
      this.#overBudget = true;
      this.#kill.abort();
    });
    for (const listener of [...this.#listeners]) listener();
    this.#requested.abort();
  }

  kill(cause: CancelCause): void {
    this.#cause ??= cause;
    this.#requested.abort();
    this.#kill.abort();
  }

  /** Called once, when the job is cancelled; not called if it is already. Returns what takes the listener back. */
  onCancel(listener: () => void): () => void {
    if (this.#cause !== undefined) return () => {};
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The job has ended. */
  close(): void {
    this.#takeBackBudget();
    this.#listeners.clear();
  }
}
