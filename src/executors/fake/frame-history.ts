import type { Frame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";

/** All frames of a job, for any number of followers, each at its own pace. */
export class FrameHistory {
  readonly #frames: Frame[] = [];
  #ended = false;
  #changed = Promise.withResolvers<void>();

  /** What is added after the end was never said. */
  add(frame: Frame): void {
    if (this.#ended) return;
    this.#frames.push(frame);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /**
   * Hands on the frames after this number, those that are there and those that come; resolves after the last one.
   * Each is waited for by `ready` first.
   */
  async follow(afterSeq: number, sink: FrameSink, ready: () => Promise<void>): Promise<void> {
    for (let next = 0; ; ) {
      const frame = this.#frames[next];
      if (frame !== undefined) {
        next += 1;
        if (frame.seq <= afterSeq) continue;
        await ready();
        await sink(frame);
      } else if (this.#ended) {
        return;
      } else {
        await this.#changed.promise;
      }
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
