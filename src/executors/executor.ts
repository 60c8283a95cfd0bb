/**
 * A place where jobs run. An executor places a runner, follows it, cancels it, finds it again and cleans up after it;
 * what happens inside a job is the runner's.
 *
 * **Order of calls** for one job: `start` or `attach`, then any number of `cancel` and `kill`, until `ended` settles.
 * Nothing is told after `ended` has settled.
 *
 * **Concurrency.** Jobs are independent: any number may run at once, in any order of calls. Calls for one job may come from
 * anywhere at any time; `cancel` and `kill` are idempotent, may come before the runner runs (while an image is pulled, while
 * a pod is pending) and never throw. A `kill` after a `cancel` shortens it. The sink is called by one at a time.
 *
 * **Failure.** A job that ran to its end is a value (`JobEnd`, kind `reported`), whatever its result. Everything else is
 * an infrastructure failure, also a value (kind `lost`), which the caller may retry by its own policy: a place that went
 * away, an image that cannot be had, a node that died. Success is never concluded from silence: only a `job.finished`
 * frame, or what stands for it in the runner's own exit, is an end. `ended` never rejects.
 *
 * **What is left.** When `start` rejects, nothing of the job is left. When `ended` has settled, neither; but where jobs
 * outlive the executor, what tells of the end stays until `release`, so that whoever is killed before the end is safe leaves
 * it to the next, who finds it by `attach`. What nobody releases `sweep` takes away. After a crash between the two both are
 * safe in any order, from any number of processes.
 *
 * **Twice.** Starting the same attempt of the same job again, where the executor's jobs outlive it, gives the one that runs
 * already (or ended and was not cleaned up) rather than a second.
 */
import type { ExecError } from "../errors.ts";
import type { JobFinishedFrame } from "../protocol/frame.ts";
import type { FrameSink } from "../protocol/frame-sink.ts";
import type { JobRequest } from "../protocol/job-request.ts";

export interface Executor {
  readonly name: "local" | "docker" | "kubernetes" | "fake";

  /** True: its jobs go on when the process that started them ends, and another finds them by `attach`. */
  readonly jobsOutliveIt?: boolean;

  /**
   * True: the folders of a request are folders of the machine that starts it, which sees there what the job left. Otherwise
   * the job's files are its place's own, and go with it: what is to be kept of them the runner keeps itself.
   */
  readonly sharesFolders?: boolean;

  /** Why this executor cannot run the job (it asks for a container on a bare host, say); undefined if it can. */
  refuses(needs: JobNeeds): string | undefined;

  /**
   * Starts a runner. Resolves once it is placed, which may be before it runs; rejects with `ExecError` if it could not be,
   * having left nothing behind: `InvalidSpec` and the like where no further attempt can mend it, retryable otherwise.
   * An executor on another machine rewrites what of the request is its own: directories, environment, runner.
   */
  start(request: JobRequest, sink: FrameSink, note?: NoteSink): Promise<RunningJob>;

  /**
   * Finds a runner again that another process started, by its `ref`, and follows it from the frame after `afterSeq`:
   * every later frame arrives, none twice. Undefined: it is gone, or this executor's jobs do not outlive their process.
   * A job that ended in the meantime is found, and tells the rest of its frames and its end.
   */
  attach(ref: string, afterSeq: number, sink: FrameSink, note?: NoteSink): Promise<RunningJob | undefined>;

  /** The `ref` that a job has or would have, where it follows from its names. Absent: it does not. */
  refOf?(job: JobAttemptName): string;

  /**
   * Removes what is left of jobs of this installation that no live attempt owns: containers, networks, pods, secrets.
   * Gives how many jobs it took away. Never touches what it did not make. Absent: nothing can be left.
   */
  sweep?(isLive: IsLiveJob, isLiveBuild?: IsLiveBuild): Promise<number>;

  /**
   * What the jobs of a build shared (`JobPlacement.sharedWorkspace`) goes: none of them runs or will run. What cannot be taken
   * away now `sweep` finds, by `isLiveBuild`. Absent: jobs share nothing here that outlives them.
   */
  releaseBuild?(buildId: string): Promise<void>;

  /** Lets go of connections and watches. Jobs that outlive the executor run on. Absent: it holds none. */
  close?(): Promise<void>;
}

/** The names under which a job was started. */
export interface JobAttemptName {
  readonly buildId: string;
  readonly jobKey: string;
  /** Counted from 1. */
  readonly attempt: number;
}

export type IsLiveBuild = (buildId: string) => Promise<boolean>;

export type IsLiveJob = (job: JobAttemptName) => Promise<boolean>;

/**
 * Something the executor has to say to the job's user, for the job's own log: that an image is pulled, a pod's events, what
 * a runner printed outside its frames. Whole lines, without a line feed at the end. A note may be
 * told again after an `attach`. It is masked by who keeps it.
 */
export type NoteSink = (text: string) => void;

/** What a job asks of its place, known before it starts. */
export interface JobNeeds {
  readonly labels: readonly string[];
  readonly group?: string;
  /** It has a `container:` of its own. */
  readonly container: boolean;
  readonly services: boolean;
  /** One of its own steps is a `docker://…`, though perhaps one that will not run. */
  readonly stepContainers?: boolean;
  /** It would rather run in an image it names (`.platform.yaml`), but takes a host too. */
  readonly prefersImage?: boolean;
}

export interface RunningJob {
  /** Enough for `attach` in another process. */
  readonly ref: string;
  readonly ended: Promise<JobEnd>;
  /** Asks the runner to cancel: steps get SIGINT, SIGTERM, SIGKILL; `always()` and post steps still run. Idempotent. */
  cancel(reason: string): void;
  /** Ends everything at once; nothing the job started is left. Idempotent. */
  kill(): void;
  /**
   * After `ended`: its end is safe, and what is left of the job goes. Resolves when it has gone, or is left to `sweep`. Never
   * rejects. Idempotent. Absent: nothing is left.
   */
  release?(): Promise<void>;
}

export type JobEnd =
  | { readonly kind: "reported"; readonly final: JobFinishedFrame }
  | { readonly kind: "lost"; readonly error: ExecError };
