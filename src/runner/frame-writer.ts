import type { Clock } from "../clock.ts";
import type { FrameBody, FrameHeader } from "../protocol/frame.ts";
import type { FrameSink } from "../protocol/frame-sink.ts";

/**
 * Numbers the frames of one job and hands them to the sink in order. Steps that run beside each other share one
 * back-pressure: while the sink is busy with any frame, every writer waits.
 */
export class FrameWriter {
  readonly #sink: FrameSink;
  readonly #clock: Clock;
  readonly #onBroken: () => void;
  #seq = 0;
  #busy: Promise<void> | undefined;
  #broken: { readonly cause: unknown } | undefined;

  /** `onBroken` is called once, when the sink threw: no frame reaches anyone any more. */
  constructor(sink: FrameSink, clock: Clock, onBroken: () => void) {
    this.#sink = sink;
    this.#clock = clock;
    this.#onBroken = onBroken;
  }

  /** Never rejects: a broken sink is told of by `onBroken` and by `settle`. */
  emit(body: FrameBody): void | Promise<void> {
    if (this.#broken !== undefined) return;
    // Header first: numbers and types are what a person looks for in a recorded stream.
    const header: FrameHeader = { seq: ++this.#seq, at: this.#clock.now() };
    try {
      const taken = this.#sink({ ...header, ...body });
      if (taken !== undefined) this.#wait(taken);
    } catch (cause) {
      this.#break(cause);
    }
    return this.#busy;
  }

  /** Waits until the sink took everything. Rejects with what the sink threw, if it did. */
  async settle(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
    if (this.#broken !== undefined) throw this.#broken.cause;
  }

  #wait(taken: Promise<void>): void {
    const settled = taken.catch((cause: unknown) => this.#break(cause));
    const busy: Promise<void> = Promise.all([this.#busy, settled]).then(() => {
      if (this.#busy === busy) this.#busy = undefined;
    });
    this.#busy = busy;
  }

  #break(cause: unknown): void {
    if (this.#broken !== undefined) return;
    this.#broken = { cause };
    this.#onBroken();
  }
}
