/** Hot logs: chunks as rows of `build_logs`. `LogSink` is their only user. */
export interface LogStore {
  /** In one transaction. A chunk whose number is there already is left out. */
  append(chunks: readonly LogRow[]): Promise<void>;
  /**
   * Chunks that end after this byte (the first may begin before it), in order, at least one if there is any, until about
   * `maxBytes`.
   */
  read(ref: LogRef, fromByte: number, maxBytes: number): Promise<readonly LogRow[]>;
  /**
   * How far the log is, in one look: the highest chunk number, the highest byte after a chunk, and where the log is kept.
   * Of one that is no longer kept in rows, `seq` is 0 and `endByte` its size. Undefined: no row yet, and not sealed.
   */
  tail(ref: LogRef): Promise<LogTail | undefined>;
  /** The log is now a blob: notes it on the step and deletes the rows, in one transaction. */
  seal(ref: LogRef, sealed: { readonly sizeBytes: number; readonly sha256: string }): Promise<void>;
  /** Logs whose step has ended and whose rows are still there. */
  unsealed(endedBefore: number, limit: number): Promise<readonly LogRef[]>;
  /** Logs that are blobs, of builds that ended before then, oldest first. */
  sealed(endedBefore: number, limit: number): Promise<readonly SealedLog[]>;
  /** Retention has taken it: notes `expired` on the step and deletes rows that may be left. Idempotent. */
  expire(ref: LogRef): Promise<void>;
}

export interface LogTail {
  readonly seq: number;
  readonly endByte: number;
  readonly kept: "rows" | "blob" | "expired";
}

export interface SealedLog {
  readonly ref: LogRef;
  readonly buildId: string;
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
