import type { Clock } from "../../clock.ts";
import type { OutputPipes } from "./output-pipes.ts";
import type { ProcessEnd } from "./process-end.ts";
import type { ProcessTracker } from "./process-tracker.ts";

export interface ProcessOptions {
  /** An absolute path (see `findProgram`). */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: { readonly [name: string]: string };
  /** Written to its stdin, which is then closed. Absent: stdin is empty. */
  readonly stdin?: string | Uint8Array;
  readonly signal: AbortSignal;
  /** How long a cancelled process has after SIGINT, and then after SIGTERM, in milliseconds. */
  readonly grace?: { readonly interruptMs: number; readonly terminateMs: number };
  /**
   * How long output of others that hold the process's stdout is still taken after it has ended, in milliseconds:
   * `quietMs` without a byte, and never longer than `totalMs`.
   */
  readonly outputGrace?: { readonly quietMs: number; readonly totalMs: number };
  /**
   * stdout and stderr, in the order they were written. The chunk belongs to the receiver. A returned promise is
   * back-pressure: nothing more is read until it is settled.
   */
  readonly onOutput: (chunk: Uint8Array) => void | Promise<void>;
  /** Absent: Node's own pipes, one for stdout and one for stderr. */
  readonly pipes?: OutputPipes;
  /** Is told of the process, so that what it leaves running is found when the job ends. */
  readonly tracker?: ProcessTracker;
  readonly clock?: Clock;
}

/**
 * Runs a process in its own group and session until it ends; what it left running is not waited for.
 *
 * When `signal` is aborted the group gets SIGINT, after 7.5 s SIGTERM, after 2.5 s more SIGKILL; output in that time
 * is kept, and what is left of the group when the process has ended is killed. Rejects only with what `onOutput`
 * throws (the group is killed first).
 */
export function runProcess(_options: ProcessOptions): Promise<ProcessEnd> {
  throw new Error("not built yet");
}
