import type { Frame, FrameHeader } from "../protocol/frame.ts";
import type { BuildEventBody } from "./build-event.ts";

export interface FrameReaderOptions {
  readonly job: string;
  readonly attempt: number;
  /** For `job.started`; see there. */
  readonly name?: string;
  readonly environment?: string;
  /** The last frame that was read before, by whoever followed the job until now. Absent: none was. */
  readonly afterSeq?: number;
  /** `from`: the frame it comes from; of what tells of a gap: the first frame that is missing. */
  readonly write: (body: BuildEventBody, from: FrameHeader) => void | Promise<void>;
  /** The runner hides this value from here on. */
  readonly onMask?: (value: string) => void;
}

/**
 * Turns the frames of one attempt of a job into events. A frame that comes twice is dropped, by its number; a gap in
 * the numbers is said in the job's log. What comes after `close` is dropped.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  #lastSeq: number;
  #started: boolean;
  #closed = false;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
    this.#lastSeq = options.afterSeq ?? 0;
    this.#started = this.#lastSeq > 0;
  }

  /** Number of the last frame that was read. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  receive(frame: Frame): void | Promise<void> {
    if (this.#closed || frame.seq <= this.#lastSeq) return;
    const missing = { from: this.#lastSeq + 1, to: frame.seq - 1 };
    this.#lastSeq = frame.seq;
    if (frame.type === "mask") this.#options.onMask?.(frame.value);
    if (frame.type === "job.started" || !this.#started) this.#start(frame);
    if (missing.from <= missing.to) this.#sayGap(missing, frame.at);
    const body = eventOf(frame, this.#options.job);
    return body && this.#options.write(body, frame);
  }

  close(): void {
    this.#closed = true;
  }

  #start(frame: Frame): void {
    if (this.#started) return;
    this.#started = true;
    const { job, attempt, name, environment, write } = this.#options;
    const body: BuildEventBody = {
      type: "job.started",
      job,
      attempt,
      ...(name === undefined ? {} : { name }),
      ...(frame.type === "job.started" ? { workspace: frame.workspace } : {}),
      ...(environment === undefined ? {} : { environment }),
    };
    write(body, frame);
  }

  #sayGap({ from, to }: { from: number; to: number }, at: number): void {
    const frames = from === to ? `Frame ${from}` : `Frames ${from} to ${to}`;
    const text = `##[warning]${frames} of this job never arrived: a part of its log or of its steps is missing here.\n`;
    const body = { type: "log", job: this.#options.job, step: 0, data: Buffer.from(text) } as const;
    this.#options.write(body, { seq: from, at });
  }
}

/** Undefined for what is said otherwise, or to nobody. */
function eventOf({ seq: _seq, at: _at, ...frame }: Frame, job: string): BuildEventBody | undefined {
  switch (frame.type) {
    case "job.started":
    case "job.finished":
    case "mask":
      return undefined;
    case "step.added":
    case "step.started":
    case "step.finished":
    case "log":
    case "annotation":
    case "summary":
    case "artifact":
      return { ...frame, job };
  }
}
