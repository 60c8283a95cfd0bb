import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { Decoded } from "../../protocol/frame-decoder.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { NoteSink } from "../executor.ts";

/** A line without an end is told in pieces of this size. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * Hands what a runner says on: frames to the sink, under their own numbers, each once and in order, gaps and all; lines
 * between them as notes. After `job.finished` nothing is handed on.
 */
export class FrameRelay {
  readonly #sink: FrameSink;
  readonly #note: NoteSink;
  #taken: number;
  #final: JobFinishedFrame | undefined;
  /** The line that has begun. */
  #line = Buffer.alloc(0);

  /** `afterSeq`: the last frame that was handed on before, by another process perhaps. */
  constructor(sink: FrameSink, note: NoteSink, afterSeq = 0) {
    this.#sink = sink;
    this.#note = note;
    this.#taken = afterSeq;
  }

  /** Number of the last frame that was handed on. */
  get lastSeq(): number {
    return this.#taken;
  }

  /** The last frame, once it was handed on. */
  get final(): JobFinishedFrame | undefined {
    return this.#final;
  }

  async take(item: Decoded): Promise<void> {
    if (this.#final !== undefined) return;
    if (item.kind === "plain") {
      this.#plain(item.data);
      return;
    }
    this.end();
    // Asked of an executor that has containers; whoever has them takes it before this.
    if (item.kind === "message") return;
    const { frame } = item;
    if (frame.seq <= this.#taken) return;
    this.#taken = frame.seq;
    await this.#sink(frame);
    if (frame.type === "job.finished") {
      const { seq: _seq, at: _at, ...final } = frame;
      this.#final = final;
    }
  }

  /** Tells the line that has begun, if any: nothing will end it. */
  end(): void {
    if (this.#line.length > 0) this.#note(this.#line.toString("utf8"));
    this.#line = Buffer.alloc(0);
  }

  #plain(data: Uint8Array): void {
    let rest = Buffer.concat([this.#line, data]);
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      this.#note(rest.toString("utf8", 0, end));
      rest = rest.subarray(end + 1);
    }
    this.#line = rest;
    if (rest.length > MAX_LINE_BYTES) this.end();
  }
}
