import { ExecError } from "../errors.ts";
import type { Executor, JobEnd, RunningJob } from "../executors/executor.ts";
import type { JobServices } from "../protocol/job-request.ts";
import type { EndedJob } from "./build-fact.ts";
import type { BuildOptions } from "./build-options.ts";
import { createJobRequest } from "./create-job-request.ts";
import type { EventWriter } from "./event-writer.ts";
import { FrameReader } from "./frame-reader.ts";
import { messageOf } from "./located-error.ts";
import type { PlannedJob } from "./planned-job.ts";
import { refusalOf } from "./refusal.ts";
import { serviceJobOf, usesServices } from "./service-job-of.ts";

export interface JobAttemptsOptions {
  readonly build: BuildOptions;
  readonly job: PlannedJob;
  readonly token: string | undefined;
  readonly writer: EventWriter;
  /** The executor will not use the image that the job wishes for. */
  readonly onUnusedImage: () => void;
}

/** How long after its own cancel budget a runner that does not end is killed. */
const CANCEL_MARGIN_MS = 30_000;

/** Errors that another attempt cannot mend. */
const FINAL: ReadonlySet<string> = new Set([
  "InvalidSpec",
  "NotFound",
  "Unauthorized",
  "Forbidden",
  "Cancelled",
]);

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
  #cancelReason: string | undefined;
  #killed = false;

  constructor(options: JobAttemptsOptions) {
    this.#options = options;
  }

  async run(): Promise<EndedJob> {
    try {
      return this.#finish(await this.#run());
    } catch (error) {
      return this.#finish(failed(error));
    }
  }

  async #run(): Promise<EndedJob> {
    for (let attempt = 1; ; attempt++) {
      if (this.#cancelReason !== undefined) return this.#cancelled();
      const outcome = await this.#attempt(attempt);
      if (outcome.kind === "ended") return outcome.end;
      if (this.#cancelReason !== undefined) return this.#cancelled();
      const delayMs = this.#retryDelay(attempt + 1, outcome.error);
      if (delayMs === undefined) return failed(outcome.error);
      await this.#waitForRetry(attempt + 1, delayMs, outcome.error);
    }
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

  async #attempt(attempt: number): Promise<Attempt> {
    const { build, job, writer } = this.#options;
    const placed = this.#place();
    if ("end" in placed) return { kind: "ended", end: placed.end };
    const reader = new FrameReader({
      job: job.key,
      attempt,
      ...(job.name === job.addedAs ? {} : { name: job.name }),
      ...(job.settings.environment === undefined ? {} : { environment: job.settings.environment }),
      write: (body, at) => writer.write(body, at),
    });
    let services: JobServices | undefined;
    try {
      const { buildId } = build;
      const who = { jobKey: job.key, jobId: job.spec.id, displayName: job.name, attempt };
      const environment = await build.jobEnvironment(who);
      if (usesServices(job))
        services = await build.services?.servicesFor(serviceJobOf(buildId, job, attempt));
      if (this.#cancelReason !== undefined) return { kind: "ended", end: this.#cancelled() };
      const { token } = this.#options;
      const request = createJobRequest({ buildId, job, attempt, environment, services, token });
      const end = await this.#follow(await placed.executor.start(request, (frame) => reader.receive(frame)));
      return end.kind === "lost" ? end : { kind: "ended", end: endOf(end) };
    } catch (error) {
      const retryable = error instanceof ExecError && error.retryable;
      return retryable ? { kind: "lost", error } : { kind: "ended", end: failed(error) };
    } finally {
      reader.close();
      if (services !== undefined) await this.#revoke(attempt);
    }
  }

  /** Chooses the executor, or says how the job ends without one. */
  #place(): { readonly executor: Executor } | { readonly end: EndedJob } {
    const { build, job, onUnusedImage } = this.#options;
    const { labels, group } = job.settings;
    const choice = build.chooseExecutor(labels, group);
    if ("skip" in choice) return { end: { outcome: "skipped", outputs: {}, reason: choice.skip } };
    if ("fail" in choice) return { end: { outcome: "failure", outputs: {}, error: choice.fail } };
    const refusal = refusalOf(job, choice, build.strict === true, onUnusedImage);
    if (refusal !== undefined) return { end: { outcome: "failure", outputs: {}, error: refusal } };
    return { executor: choice };
  }

  async #follow(running: RunningJob): Promise<JobEnd> {
    this.#running = running;
    if (this.#killed) running.kill();
    else if (this.#cancelReason !== undefined) this.#cancelRunning(running, this.#cancelReason);
    const end = await running.ended;
    this.#running = undefined;
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
    if (error instanceof ExecError && FINAL.has(error.code)) return undefined;
    return policy.delayMs(attempt);
  }

  async #waitForRetry(attempt: number, delayMs: number, error: unknown): Promise<void> {
    const { build, job, writer } = this.#options;
    const reason = `its place was lost (${messageOf(error)}); attempt ${attempt} in ${delayMs / 1000} s`;
    await writer.write({ type: "job.waiting", job: job.key, reason });
    if (!this.#stopped.signal.aborted) await build.clock.wait(delayMs, this.#stopped.signal);
  }

  async #revoke(attempt: number): Promise<void> {
    const { build, job } = this.#options;
    try {
      await build.services?.revoke({ buildId: build.buildId, jobKey: job.key, attempt });
    } catch (error) {
      const message = `The tokens of this job could not be revoked: ${messageOf(error)}`;
      await this.#options.writer.write({ type: "warning", message, job: job.key });
    }
  }

  #cancelled(): EndedJob {
    return { outcome: "cancelled", outputs: {}, reason: this.#cancelReason ?? "cancelled" };
  }

  #finish(end: EndedJob): EndedJob {
    this.#ended.abort("ended");
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
