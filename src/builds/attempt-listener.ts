import type { Executor } from "../executors/executor.ts";
import type { Frame } from "../protocol/frame.ts";

/** Is told what becomes of the attempts at a job. */
export interface AttemptListener {
  /** An attempt begins, before it has a place; what is returned takes what its runner says. */
  begin(attempt: number): AttemptFrames;
  /** The executor will not use the image that the job wishes for. */
  onUnusedImage(): void;
  /** Its place was lost, or could not be had, for a reason that another attempt may mend. `next` absent: there is none. */
  lost(attempt: number, error: unknown, next: NextAttempt | undefined): void | Promise<void>;
  warn(message: string): void | Promise<void>;
}

export interface AttemptFrames {
  /** See `FrameSink`. */
  receive(frame: Frame): void | Promise<void>;
  /** See `NoteSink`. */
  note(text: string): void;
  /** The runner is there: how it is found again. */
  placed?(executor: Executor, ref: string): void;
  /** What comes after it is dropped. */
  close(): void | Promise<void>;
}

export interface NextAttempt {
  readonly attempt: number;
  /** Milliseconds until it starts. */
  readonly delayMs: number;
  /** For a person: why and when. */
  readonly reason: string;
}
