import type { Frame, FrameBody, JobFinishedFrame } from "../../protocol/frame.ts";
import type { Decoded } from "../../protocol/frame-decoder.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";

/**
 * Hands what a runner says on to the sink, in one gapless numbering: plain log between the frames becomes log of the
 * job itself, a frame that comes twice is handed on once, and a gap in the runner's own numbers is written into the
 * log as what it is. After `job.finished` nothing is handed on.
 */
export class FrameRelay {
  readonly #sink: FrameSink;
  readonly #now: () => number;
  #given = 0;
  #taken = 0;
  #final: JobFinishedFrame | undefined;

  constructor(sink: FrameSink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
  }

  /** The last frame, once it was handed on. */
  get final(): JobFinishedFrame | undefined {
    return this.#final;
  }

  async take(item: Decoded): Promise<void> {
    if (this.#final !== undefined) return;
    if (item.kind === "plain") {
      await this.#log(item.data);
      return;
    }
    const { frame } = item;
    if (frame.seq <= this.#taken) return;
    const missing = frame.seq - this.#taken - 1;
    this.#taken = frame.seq;
    if (missing > 0)
      await this.#log(Buffer.from(`##[warning]${missing} messages of the runner are missing here\n`));
    await this.#give(frame);
    if (frame.type === "job.finished") {
      const { seq: _seq, at: _at, ...final } = frame;
      this.#final = final;
    }
  }

  async #log(data: Uint8Array): Promise<void> {
    await this.#give({ type: "log", step: 0, data, at: this.#now() });
  }

  async #give(body: FrameBody & { readonly at: number }): Promise<void> {
    this.#given++;
    const frame: Frame = { ...body, seq: this.#given };
    await this.#sink(frame);
  }
}
