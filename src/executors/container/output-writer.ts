import type { Writable } from "node:stream";

/** Writes to an output that may go away: from then on nothing is written, and nobody waits for it. */
export class OutputWriter {
  readonly #output: Writable;
  /** Resolves when nobody takes the output any more. */
  readonly lost: Promise<void>;
  #isLost = false;
  #waiting: PromiseWithResolvers<void> | undefined;

  constructor(output: Writable) {
    this.#output = output;
    const lost = Promise.withResolvers<void>();
    this.lost = lost.promise;
    output.on("error", () => {
      this.#isLost = true;
      lost.resolve();
      this.#release();
    });
    output.on("drain", () => this.#release());
  }

  /** The promise is back-pressure. */
  write(data: string | Uint8Array): void | Promise<void> {
    if (this.#isLost || this.#output.write(data)) return;
    return this.settled();
  }

  /** Waits until more can be written, where that is not so now. */
  settled(): void | Promise<void> {
    if (this.#isLost || !this.#output.writableNeedDrain) return;
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }

  #release(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
