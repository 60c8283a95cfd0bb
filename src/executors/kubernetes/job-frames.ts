import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Frame, JobFinishedFrame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobAttemptName } from "../executor.ts";
import type { RunnerMailbox } from "../push/runner-mailbox.ts";
import { pause } from "./wait.ts";

export interface JobFramesOptions {
  readonly mailbox: RunnerMailbox;
  readonly name: JobAttemptName;
  readonly afterSeq: number;
  readonly sink: FrameSink;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Asked before the last frame is handed on. False: it does not tell how the job ended; it is kept back. */
  readonly believes: (final: JobFinishedFrame) => Promise<boolean>;
  /** Called when a frame came, or when following them ended. */
  readonly changed: () => void;
}

const PAUSE_MS = 1_000;

/**
 * Follows a job's frames from its mailbox, through times when that cannot be reached. Each is handed on once; the end is known
 * again where it was handed on before.
 */
export class JobFrames {
  readonly #options: JobFramesOptions;
  #seq: number;
  /** A frame came: the runner runs, or ran. */
  #heard: boolean;
  #final: JobFinishedFrame | undefined;
  #refused = false;
  #failure: ExecError | undefined;

  constructor(options: JobFramesOptions) {
    this.#options = options;
    this.#seq = options.afterSeq;
    this.#heard = options.afterSeq > 0;
    void this.#follow();
  }

  get heard(): boolean {
    return this.#heard;
  }

  get final(): JobFinishedFrame | undefined {
    return this.#final;
  }

  /** The runner's own end was not believed. */
  get refused(): boolean {
    return this.#refused;
  }

  /** The sink failed: nobody takes frames any more. */
  get failure(): ExecError | undefined {
    return this.#failure;
  }

  async #follow(): Promise<void> {
    const { mailbox, name, clock, signal, changed } = this.#options;
    while (!signal.aborted && this.#final === undefined && this.#failure === undefined && !this.#refused) {
      try {
        await mailbox.follow(name, this.#seq, (frame) => this.#take(frame), signal);
      } catch (error) {
        if (this.#failure === undefined && !(error instanceof ExecError && error.code === "Transient"))
          this.#failure = broken(error);
      }
      if (this.#final === undefined && this.#failure === undefined && !this.#refused)
        await pause(clock, PAUSE_MS, signal);
    }
    changed();
  }

  async #take(frame: Frame): Promise<void> {
    const { believes, changed, signal } = this.#options;
    if (this.#refused || this.#final !== undefined || signal.aborted) return;
    if (frame.seq <= this.#seq && frame.type !== "job.finished") return;
    this.#heard = true;
    if (frame.type === "job.finished") {
      const { seq, at: _at, ...final } = frame;
      // Who told of the end before has believed it.
      if (seq <= this.#seq) {
        this.#final = final;
        changed();
        return;
      }
      if (!(await believes(final))) {
        this.#refused = true;
        changed();
        return;
      }
      await this.#hand(frame);
      this.#final = final;
    } else await this.#hand(frame);
    this.#seq = frame.seq;
    changed();
  }

  async #hand(frame: Frame): Promise<void> {
    try {
      await this.#options.sink(frame);
    } catch (error) {
      this.#failure = broken(error);
      throw error;
    }
  }
}

function broken(error: unknown): ExecError {
  if (error instanceof ExecError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ExecError("Permanent", message, { cause: error });
}
