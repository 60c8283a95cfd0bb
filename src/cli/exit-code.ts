/** What the program says by its exit code; part of its contract (docs/reference). */
export const EXIT = {
  ok: 0,
  /** A job failed, or was cancelled by its concurrency group; or none of the jobs that were asked for could run. */
  failed: 1,
  /** Bad usage, or a pipeline with mistakes: nothing was run. */
  usage: 2,
  /** Cancelled: Ctrl-C, SIGTERM, SIGHUP, or the reader of the output has gone. */
  cancelled: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
