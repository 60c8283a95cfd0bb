import { ExecError } from "../errors.ts";
import type { Executor, JobEnd, RunningJob } from "../executors/executor.ts";
import type { JobServices } from "../protocol/job-request.ts";
import type { AttemptFrames, AttemptListener } from "./attempt-listener.ts";
import type { BuildClock } from "./build-clock.ts";
import type { EndedJob } from "./build-fact.ts";
import type { BuildOptions } from "./build-options.ts";
import { createJobRequest } from "./create-job-request.ts";
import { messageOf } from "./located-error.ts";
import { placeJob } from "./place-job.ts";
import type { PlannedJob } from "./planned-job.ts";
import { serviceJobOf, usesServices } from "./service-job-of.ts";

export interface JobAttemptsOptions {
  readonly build: JobPlaces;
  readonly job: PlannedJob;
  readonly token: string | undefined;
  readonly listener: AttemptListener;
  /** Of a job that another process began: the attempt to begin with, and its runner. */
  readonly from?: { readonly attempt: number; readonly runner?: LeftRunner };
}

/** What of a build places its jobs. */
export type JobPlaces = Pick<
  BuildOptions,
  "buildId" | "chooseExecutor" | "jobEnvironment" | "services" | "strict" | "infrastructureRetry"
> & { readonly clock: Pick<BuildClock, "wait"> };

/** A runner that another process started. */
export interface LeftRunner {
  /** Name of its executor. */
  readonly executor: string;
  readonly ref: string;
  /** The last of its frames that has been dealt with. */
  readonly afterSeq: number;
}

/** How long after its own cancel budget a runner that does not end is killed. */
const CANCEL_MARGIN_MS = 30_000;

type Attempt =
  | { readonly kind: "ended"; readonly end: EndedJob }
  | { readonly kind: "lost"; readonly error: unknown };

/**
 * Runs one job: places it, follows it, and places it again by the retry policy where its place was lost. Never
 * rejects; whatever went wrong is in how it ended.
 */
export class JobAttempts {
  readonly #options: JobAttemptsOptions;
  // Both are aborted with a reason: the one they would make for themselves, with a stack, is dear.
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  #running: RunningJob | undefined;
  /** Has ended, and is still found by who attaches to it. */
  #unreleased: RunningJob | undefined;
  #cancelReason: string | undefined;
  #killed = false;
  #began = false;
  #abandoned = false;
  /** The job of the present attempt would go on without this process. */
  #outlives = false;
  readonly #done = Promise.withResolvers<void>();

  constructor(options: JobAttemptsOptions) {
    this.#options = options;
  }

  async run(): Promise<EndedJob> {
    this.#began = true;
    try {
      return this.#finish(await this.#run());
    } catch (error) {
      return this.#finish(failed(error));
    }
  }

  async #run(): Promise<EndedJob> {
    const { from, listener } = this.#options;
    let runner = from?.runner;
    for (let attempt = from?.attempt ?? 1; ; attempt++) {
      // A runner that is there already is told of the cancel, and says how the job ended.
      if (this.#cancelReason !== undefined && runner === undefined) return this.#cancelled();
      const outcome = await this.#attempt(attempt, runner);
      runner = undefined;
      if (outcome.kind === "ended") return outcome.end;
      if (this.#cancelReason !== undefined) return this.#cancelled();
      const { error } = outcome;
      const delayMs = this.#retryDelay(attempt + 1, error);
      if (delayMs === undefined) {
        await listener.lost(attempt, error, undefined);
        await this.release();
        return failed(error);
      }
      const reason = `its place was lost (${messageOf(error)}); attempt ${attempt + 1} in ${delayMs / 1000} s`;
      await listener.lost(attempt, error, { attempt: attempt + 1, delayMs, reason });
      await this.release();
      await this.#wait(delayMs);
    }
  }

  /** The end is safe: what is left of the job may go. Never rejects. Idempotent. */
  async release(): Promise<void> {
    const job = this.#unreleased;
    this.#unreleased = undefined;
    await job?.release?.();
  }

  /** Asks the runner to end, if there is one; else the job ends cancelled. Idempotent. */
  cancel(reason: string): void {
    if (this.#cancelReason !== undefined) return;
    this.#cancelReason = reason;
    this.#stopped.abort("stopped");
    if (this.#running !== undefined) this.#cancelRunning(this.#running, reason);
  }

  /** Ends it at once. Idempotent. */
  kill(reason: string): void {
    this.#cancelReason ??= reason;
    this.#killed = true;
    this.#stopped.abort("stopped");
    this.#running?.kill();
  }

  /**
   * Whoever asked for it no longer owns the job: it ends at once, without a word, but for a runner that outlives this
   * process, which is let go. Resolves once that is so.
   */
  async abandon(): Promise<void> {
    this.#cancelReason ??= "abandoned";
    this.#abandoned = true;
    this.#stopped.abort("stopped");
    if (this.#outlives) return;
    this.#killed = true;
    this.#running?.kill();
    if (this.#began) await this.#done.promise;
  }

  async #attempt(attempt: number, runner: LeftRunner | undefined): Promise<Attempt> {
    const { build, job, listener } = this.#options;
    const placed = placeJob(job, build, () => listener.onUnusedImage());
    if ("end" in placed) return { kind: "ended", end: placed.end };
    this.#outlives = placed.executor.jobsOutliveIt === true;
    const frames = listener.begin(attempt);
    let closed = false;
    let used: { readonly services: boolean } = {
      services: runner !== undefined && needsServices(job, placed.executor),
    };
    try {
      const start =
        runner === undefined
          ? await this.#start(placed, attempt, frames, (services) => {
              used = { services: services !== undefined };
            })
          : await this.#attach(placed.executor, runner, frames);
      if (start === undefined) return { kind: "ended", end: this.#cancelled() };
      frames.placed?.(placed.executor, start.ref);
      const end = await this.#follow(start);
      closed = true;
      await frames.close();
      return end.kind === "lost" ? end : { kind: "ended", end: endOf(end) };
    } catch (error) {
      const retryable = error instanceof ExecError && error.retryable;
      return retryable ? { kind: "lost", error } : { kind: "ended", end: failed(error) };
    } finally {
      if (!closed) await frames.close();
      if (used.services) await this.#revoke(attempt);
    }
  }

  /** Undefined: it was cancelled before it had a place. */
  async #start(
    { executor, usesImage }: { readonly executor: Executor; readonly usesImage: boolean },
    attempt: number,
    frames: AttemptFrames,
    onServices: (services: JobServices | undefined) => void,
  ): Promise<RunningJob | undefined> {
    const { build, job, token } = this.#options;
    const { buildId } = build;
    const who = {
      jobKey: job.key,
      jobId: job.spec.id,
      displayName: job.name,
      attempt,
      executor: executor.name,
      ...(job.workflow.spec.workspace === "shared" ? { sharesWorkspace: true } : {}),
    };
    const environment = await build.jobEnvironment(who);
    let services: JobServices | undefined;
    if (needsServices(job, executor)) {
      services = await build.services?.servicesFor(serviceJobOf(buildId, job, attempt));
      onServices(services);
    }
    if (this.#cancelReason !== undefined) return undefined;
    const request = createJobRequest({
      buildId,
      job,
      attempt,
      environment,
      services,
      token,
      usesImage,
      collects: executor.sharesFolders !== true,
    });
    return await executor.start(
      request,
      (frame) => frames.receive(frame),
      (text) => frames.note(text),
    );
  }

  async #attach(executor: Executor, runner: LeftRunner, frames: AttemptFrames): Promise<RunningJob> {
    const same = executor.name === runner.executor;
    const found = same
      ? await executor.attach(
          runner.ref,
          runner.afterSeq,
          (frame) => frames.receive(frame),
          (text) => frames.note(text),
        )
      : undefined;
    if (found === undefined) {
      throw new ExecError("Transient", "The worker that ran this job is gone, and the job with it.");
    }
    return found;
  }

  async #follow(running: RunningJob): Promise<JobEnd> {
    this.#running = running;
    if (this.#killed) running.kill();
    else if (this.#abandoned) return await running.ended;
    else if (this.#cancelReason !== undefined) this.#cancelRunning(running, this.#cancelReason);
    const end = await running.ended;
    this.#running = undefined;
    this.#unreleased = running;
    return end;
  }

  #cancelRunning(running: RunningJob, reason: string): void {
    running.cancel(reason);
    const { build, job } = this.#options;
    const limitMs = job.settings.cancelTimeoutMs + CANCEL_MARGIN_MS;
    void build.clock.wait(limitMs, this.#ended.signal).then(() => {
      if (!this.#ended.signal.aborted) running.kill();
    });
  }

  #retryDelay(attempt: number, error: unknown): number | undefined {
    const policy = this.#options.build.infrastructureRetry;
    if (policy === undefined || attempt > policy.limit + 1) return undefined;
    // Whoever says so knows that another attempt would meet the same.
    if (error instanceof ExecError && !error.retryable) return undefined;
    return policy.delayMs(attempt);
  }

  async #wait(delayMs: number): Promise<void> {
    if (!this.#stopped.signal.aborted) await this.#options.build.clock.wait(delayMs, this.#stopped.signal);
  }

  async #revoke(attempt: number): Promise<void> {
    const { build, job, listener } = this.#options;
    try {
      await build.services?.revoke({ buildId: build.buildId, jobKey: job.key, attempt });
    } catch (error) {
      await listener.warn(`The tokens of this job could not be revoked: ${messageOf(error)}`);
    }
  }

  #cancelled(): EndedJob {
    return { outcome: "cancelled", outputs: {}, reason: this.#cancelReason ?? "cancelled" };
  }

  #finish(end: EndedJob): EndedJob {
    this.#ended.abort("ended");
    this.#done.resolve();
    if (end.outcome !== "cancelled") return end;
    // A runner that was cancelled says the reason it was given as its error: once is enough.
    const { error, reason = this.#cancelReason, ...rest } = end;
    return {
      ...rest,
      ...(error === undefined || error === this.#cancelReason ? {} : { error }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
}

/** Its actions talk to them, or its runner itself, to keep what nobody else sees. */
function needsServices(job: PlannedJob, executor: Executor): boolean {
  return usesServices(job) || (executor.sharesFolders !== true && job.spec.collect !== undefined);
}

function endOf({ final }: Extract<JobEnd, { kind: "reported" }>): EndedJob {
  return {
    outcome: final.result,
    outputs: final.outputs,
    ...(final.error === undefined ? {} : { error: final.error }),
    ...(final.environmentUrl === undefined ? {} : { environmentUrl: final.environmentUrl }),
  };
}

function failed(error: unknown): EndedJob {
  return { outcome: "failure", outputs: {}, error: messageOf(error) };
}
