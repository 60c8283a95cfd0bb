import { ExpressionError } from "./expression-error.ts";

const STRING_OVERHEAD_BYTES = 26;
/** What GitHub's runner allows the results of one expression to take. */
export const DEFAULT_MEMORY_BYTES = 10 * 1024 * 1024;

/** Counts what one evaluation holds in strings that functions made, so that none can eat the machine's memory. */
export class MemoryBudget {
  #used = 0;
  readonly #limitBytes: number;
  readonly #source: string;

  constructor(limitBytes: number, source: string) {
    this.#limitBytes = limitBytes;
    this.#source = source;
  }

  take(text: string): void {
    this.#used += STRING_OVERHEAD_BYTES + text.length * 2;
    if (this.#used <= this.#limitBytes) return;
    throw new ExpressionError(
      `The maximum allowed memory size was exceeded while evaluating the following expression: ${this.#source}`,
    );
  }

  get used(): number {
    return this.#used;
  }

  /** Whatever was taken since `used` had this value is no longer held. */
  releaseTo(used: number): void {
    this.#used = used;
  }
}
