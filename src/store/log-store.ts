/** Hot logs: chunks as rows of `build_logs`. `LogSink` is their only user. */
export interface LogStore {
  /** In one transaction. A chunk whose number is there already is left out. */
  append(chunks: readonly LogRow[]): Promise<void>;
  /** From the byte on, in order, at least one chunk if there is any, until about `maxBytes`. */
  read(ref: LogRef, fromByte: number, maxBytes: number): Promise<readonly LogRow[]>;
  /** The last chunk's number and the byte after it. */
  tail(ref: LogRef): Promise<{ readonly seq: number; readonly endByte: number } | undefined>;
  /** The log is now a blob: notes it on the step and deletes the rows, in one transaction. */
  seal(ref: LogRef, sealed: { readonly sizeBytes: number; readonly sha256: string }): Promise<void>;
  /** Logs whose step has ended and whose rows are still there. */
  unsealed(endedBefore: number, limit: number): Promise<readonly LogRef[]>;
}

/** Whose log: `step` with `StepRecord.id` (the job's own log is its step 0). */
export interface LogRef {
  readonly type: "step";
  readonly id: string;
}

export interface LogRow {
  readonly ref: LogRef;
  /** Grows, with gaps: the number of the frame it came in. */
  readonly seq: number;
  /** Where its first byte is in the log. */
  readonly startByte: number;
  readonly content: Uint8Array;
  /** Unix milliseconds when the runner said it. */
  readonly at: number;
}
