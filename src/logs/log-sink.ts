import type { LogRef } from "../store/log-store.ts";

/**
 * The logs of steps: rows while they grow, one blob when they have ended. Never a byte lost or doubled; a reader does
 * not notice which it reads. A log has one writer at a time (the holder of its build's lease) and any number of readers.
 * Positions are bytes from the start of the log.
 */
export interface LogSink {
  /**
   * Adds a chunk. `seq` grows within a log, with gaps; a number that was taken before is dropped. What goes beyond the
   * log's or the build's limit is cut, once, with a visible note. Resolves when the chunk is accepted (back-pressure);
   * it is in the records at the latest 100 ms later, or with `flush`.
   */
  append(ref: BuildLogRef, chunk: LogChunk): void | Promise<void>;

  /** Everything appended to these logs so far is in the records; absent: to all. Rejects if it could not be. */
  flush(refs?: readonly BuildLogRef[]): Promise<void>;

  /** The step has ended: its log is whole, and becomes a blob soon. Idempotent. */
  end(ref: BuildLogRef): Promise<void>;

  /**
   * Reads from `offset`. With `follow` it goes on until the log has ended; without, until what there is now. Reading a
   * log that never had a byte gives nothing. Rejects with `NotFound` where retention has taken it.
   */
  stream(ref: LogRef, options: StreamOptions): AsyncIterable<LogPiece>;

  /** How far it is, and whether it may still grow. */
  stat(ref: LogRef): Promise<{ readonly sizeBytes: number; readonly ended: boolean }>;

  /** Everything is in the records and no timer runs. */
  close(): Promise<void>;
}

export interface BuildLogRef extends LogRef {
  readonly buildId: string;
}

export interface LogChunk {
  readonly seq: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly data: Uint8Array;
}

export interface StreamOptions {
  readonly offset?: number;
  /** The last byte wanted, inclusive. */
  readonly end?: number;
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

export interface LogPiece {
  /** Of its first byte; the next piece begins where this one ends. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** When it was printed. */
  readonly at: number;
}
