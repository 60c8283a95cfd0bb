/**
 * A place where jobs run. An executor only starts, follows, cancels and re-attaches to a runner; what happens inside
 * a job is the runner's.
 *
 * Order of calls for one job: `start` or `attach`, then any number of `cancel` and `kill`, until `ended` settles.
 * Jobs are independent of each other: any number may run at once.
 *
 * A job that ran to its end is a value (`JobEnd`, kind `reported`), whatever its result. Everything else is an
 * infrastructure failure, also a value (kind `lost`), which the caller may retry by its own policy. `ended` never
 * rejects.
 */
import type { ExecError } from "../errors.ts";
import type { JobFinishedFrame } from "../protocol/frame.ts";
import type { FrameSink } from "../protocol/frame-sink.ts";
import type { JobRequest } from "../protocol/job-request.ts";

export interface Executor {
  readonly name: "local" | "docker" | "kubernetes" | "fake";

  /** True: its jobs go on when the process that started them ends, and another finds them by `attach`. */
  readonly jobsOutliveIt?: boolean;

  /** Why this executor cannot run the job (it asks for a container on a bare host, say); undefined if it can. */
  refuses(needs: JobNeeds): string | undefined;

  /** Starts a runner. Resolves once it is placed; rejects with `ExecError` if it could not be, having left nothing behind. */
  start(request: JobRequest, sink: FrameSink): Promise<RunningJob>;

  /**
   * Finds a runner again that another process started, by its `ref`, and follows it from the frame after `afterSeq`.
   * Undefined: it is gone, or this executor's jobs do not outlive their process.
   */
  attach(ref: string, afterSeq: number, sink: FrameSink): Promise<RunningJob | undefined>;
}

/** What a job asks of its place, known before it starts. */
export interface JobNeeds {
  readonly labels: readonly string[];
  readonly container: boolean;
  readonly services: boolean;
}

export interface RunningJob {
  /** Enough for `attach` in another process. */
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  /** Asks the runner to cancel: steps get SIGINT, SIGTERM, SIGKILL; `always()` and post steps still run. Idempotent. */
  cancel(reason: string): void;
  /** Ends everything at once; nothing the job started is left. Idempotent. */
  kill(): void;
}

export type JobEnd =
  | { readonly kind: "reported"; readonly final: JobFinishedFrame }
  | { readonly kind: "lost"; readonly error: ExecError };
