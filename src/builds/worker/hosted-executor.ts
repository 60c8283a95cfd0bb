import type {
  Executor,
  IsLiveBuild,
  IsLiveJob,
  JobEnd,
  JobNeeds,
  NoteSink,
  RunningJob,
} from "../../executors/executor.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { JobSlots } from "../job-slots.ts";
import { QueuedJob } from "./queued-job.ts";

export interface HostedExecutorOptions {
  readonly executor: Executor;
  /** Jobs that this machine runs at once, of all builds. */
  readonly maxJobs: number;
  /**
   * The runner of an attempt has ended, or could not be started: awaited before `ended` settles, so that what it left can
   * still be looked at. Gives what its user is to be told, one text each. Must not reject.
   */
  readonly release?: (request: JobRequest, end: JobEnd) => Promise<readonly string[]>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * An executor of one machine that many builds share: so many jobs at once, in the order they came. A job that waits for its
 * turn when the worker dies is lost, as one of an executor whose jobs do not outlive it: `attach` finds none.
 */
export class HostedExecutor implements Executor {
  readonly name: Executor["name"];
  readonly jobsOutliveIt: boolean;
  readonly sharesFolders: boolean;
  readonly #options: HostedExecutorOptions;
  readonly #slots: JobSlots;

  constructor(options: HostedExecutorOptions) {
    this.#options = options;
    this.#slots = new JobSlots(options.maxJobs);
    const { name, jobsOutliveIt, sharesFolders } = options.executor;
    this.name = name;
    this.jobsOutliveIt = jobsOutliveIt === true;
    this.sharesFolders = sharesFolders === true;
  }

  refuses(needs: JobNeeds): string | undefined {
    return this.#options.executor.refuses(needs);
  }

  async start(request: JobRequest, sink: FrameSink, note: NoteSink = () => {}): Promise<RunningJob> {
    const { executor, release, now } = this.#options;
    const ref =
      executor.refOf?.(request) ?? `${this.name}:${request.buildId}:${request.jobKey}:${request.attempt}`;
    let lastSeq = 0;
    const follow: FrameSink = (frame) => {
      lastSeq = Math.max(lastSeq, frame.seq);
      return sink(frame);
    };
    const job = new QueuedJob(ref, this.#slots, () => executor.start(request, follow, note));
    const ended = job.ended.then(async (end) => {
      for (const message of (await release?.(request, end)) ?? []) {
        note(`##[warning]${message}`);
        await follow({ seq: lastSeq + 1, at: now(), type: "annotation", step: 0, level: "warning", message });
      }
      return end;
    });
    return {
      ref,
      ended,
      cancel: (reason) => job.cancel(reason),
      kill: () => job.kill(),
      release: () => job.release(),
    };
  }

  async attach(
    ref: string,
    afterSeq: number,
    sink: FrameSink,
    note?: NoteSink,
  ): Promise<RunningJob | undefined> {
    const job = await this.#options.executor.attach(ref, afterSeq, sink, note);
    if (job !== undefined) void job.ended.then(this.#slots.occupy());
    return job;
  }

  async releaseBuild(buildId: string): Promise<void> {
    await this.#options.executor.releaseBuild?.(buildId);
  }

  async sweep(isLive: IsLiveJob, isLiveBuild?: IsLiveBuild): Promise<number> {
    return (await this.#options.executor.sweep?.(isLive, isLiveBuild)) ?? 0;
  }

  async close(): Promise<void> {
    await this.#options.executor.close?.();
  }
}
