/**
 * What a runner says, in numbered frames. Numbers start at 1 and have no gaps; applying a frame twice changes
 * nothing. A job ends with exactly one `job.finished`.
 */
import type { Conclusion } from "../status.ts";

export type Frame = FrameHeader & FrameBody;

export interface FrameHeader {
  readonly seq: number;
  /** Unix time in milliseconds. */
  readonly at: number;
}

export type FrameBody =
  | JobStartedFrame
  | StepAddedFrame
  | StepStartedFrame
  | LogFrame
  | AnnotationFrame
  | SummaryFrame
  | ArtifactFileFrame
  | MaskFrame
  | StepFinishedFrame
  | JobFinishedFrame;

export interface JobStartedFrame {
  readonly type: "job.started";
  readonly workspace: string;
}

/** A step is known. Steps that come from pre and post of actions are added as they become known. */
export interface StepAddedFrame {
  readonly type: "step.added";
  /** Counted from 1 in the order they were added; names the step in every other frame. */
  readonly step: number;
  /** The id of the step in the file, where it has one. */
  readonly id?: string;
  readonly name: string;
  readonly stage: "setup" | "pre" | "main" | "post" | "complete";
  /** `run`, or the action as written. */
  readonly action: string;
  readonly background: boolean;
  /** Line of the pipeline file, where it has one. */
  readonly line?: number;
  /** The `parallel` step this one stands in. */
  readonly parent?: number;
}

export interface StepStartedFrame {
  readonly type: "step.started";
  readonly step: number;
  /** The name may only be known now, when its expressions can be evaluated. */
  readonly name: string;
}

/**
 * A piece of a step's log, masked. Bytes as the process wrote them (any encoding, ANSI kept), in order; a piece may
 * end in the middle of a line, never in the middle of a UTF-8 character. Workflow commands appear as GitHub shows
 * them: `##[group]`, `##[endgroup]`, `##[error]`, `##[warning]`, `##[notice]`, `##[debug]`, `##[command]`.
 */
export interface LogFrame {
  readonly type: "log";
  /** 0: the job itself, outside any step. */
  readonly step: number;
  readonly data: Uint8Array;
}

export interface AnnotationFrame {
  readonly type: "annotation";
  readonly step: number;
  readonly level: "notice" | "warning" | "error";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
  readonly code?: string;
}

/** Markdown of `GITHUB_STEP_SUMMARY`, masked, at most 1 MiB a step. */
export interface SummaryFrame {
  readonly type: "summary";
  readonly step: number;
  readonly markdown: string;
}

/** A line of the `GITHUB_ARTIFACTS` file: something the step says it made. */
export interface ArtifactFileFrame {
  readonly type: "artifact";
  readonly step: number;
  readonly value: string;
}

/** A value was masked from here on; sent so that later readers mask it too. Never logged. */
export interface MaskFrame {
  readonly type: "mask";
  readonly value: string;
}

export interface StepFinishedFrame {
  readonly type: "step.finished";
  readonly step: number;
  /** Before `continue-on-error`. */
  readonly outcome: Conclusion;
  /** After `continue-on-error`. */
  readonly conclusion: Conclusion;
  /** Of the process, where there was one and it was not killed by a signal. */
  readonly exitCode?: number;
  /** e.g. `SIGKILL`. */
  readonly signal?: string;
  /** Why it failed, for a person; masked. */
  readonly error?: string;
  readonly outputs: { readonly [name: string]: string };
  /** From `step.started` to here, in milliseconds, by a clock that only goes forward. */
  readonly durationMs: number;
}

export interface JobFinishedFrame {
  readonly type: "job.finished";
  readonly result: Exclude<Conclusion, "skipped">;
  readonly outputs: { readonly [name: string]: string };
  readonly environmentUrl?: string;
  /** Why it failed where no step says so (timeout, a broken request, an unknown action). */
  readonly error?: string;
  readonly durationMs: number;
}
