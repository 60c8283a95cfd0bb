import { BUILD_EVENT_VERSION, type BuildEventBody, type BuildEventSink } from "../../builds/build-event.ts";
import { type Conclusion, isFinal, type Status } from "../../status.ts";
import type { RemoteBuildDetail, RemoteJob, RemoteStep } from "./remote-build.ts";

export interface NarratorOptions {
  readonly sink: BuildEventSink;
  /** Hands on a step's log from its beginning, until it has ended. */
  readonly readLog: (step: RemoteStep, write: (data: Uint8Array) => void | Promise<void>) => Promise<void>;
  readonly now: () => number;
}

interface SeenJob {
  readonly key: string;
  started: boolean;
  finished: boolean;
  waiting: string | undefined;
  /** Logs that are still being read; a job has ended for a reader when all of them were. */
  readonly steps: Map<string, Promise<void>>;
}

/**
 * Tells what happens in a build of a server as the events that `slipway run` tells of its own, from pictures of it that
 * are handed in as they change. A step's end is told after the last byte of its log, a job's after its steps'.
 */
export class BuildNarrator {
  readonly #options: NarratorOptions;
  readonly #jobs = new Map<string, SeenJob>();
  readonly #annotations = new Set<string>();
  readonly #warnings = new Set<string>();
  readonly #logs = new Set<Promise<void>>();
  #buildId = "";
  #seq = 0;
  #started = false;

  constructor(options: NarratorOptions) {
    this.#options = options;
  }

  /** What is new since the last picture. */
  async tell(build: RemoteBuildDetail): Promise<void> {
    this.#buildId = build.id;
    if (!this.#started && (build.startedAt !== undefined || isFinal(build.status))) {
      this.#started = true;
      const { workflow, title, event, ref, sha } = build;
      await this.#say({
        type: "build.started",
        file: "",
        workflow,
        title: title || workflow,
        event,
        ref,
        sha,
      });
    }
    for (const warning of build.warnings) await this.#warn(warning);
    const latest = build.jobs.filter((job) => job.latest);
    for (const job of latest) await this.#tellJob(job);
    for (const { id, jobId, ...annotation } of build.annotations) {
      const job = build.jobs.find((each) => each.id === jobId)?.key;
      if (job === undefined || this.#annotations.has(id)) continue;
      this.#annotations.add(id);
      await this.#say({ type: "annotation", job, ...annotation });
    }
    this.#settle(build);
  }

  /** The last picture: resolves when all logs were read and everything was told. */
  async finish(build: RemoteBuildDetail): Promise<void> {
    await this.tell(build);
    await Promise.all(this.#logs);
    const result = conclusionOf(build.status);
    await this.#say({
      type: "build.finished",
      result: result === "skipped" ? "success" : result,
      ...(build.error === undefined ? {} : { error: build.error }),
      durationMs: build.durationMs ?? 0,
    });
  }

  async #warn(message: string): Promise<void> {
    if (this.#warnings.has(message)) return;
    this.#warnings.add(message);
    await this.#say({ type: "warning", message });
  }

  async #tellJob(job: RemoteJob): Promise<void> {
    const { key } = job;
    let seen = this.#jobs.get(job.id);
    if (seen === undefined) {
      seen = { key, started: false, finished: false, waiting: undefined, steps: new Map() };
      const known = [...this.#jobs.values()].some((other) => other.key === key);
      this.#jobs.set(job.id, seen);
      const { jobId, name, needs, kind, parent, legOf } = job;
      const place = {
        ...(parent === undefined ? {} : { parent }),
        ...(legOf === undefined ? {} : { legOf }),
      };
      if (!known) await this.#say({ type: "job.added", job: key, jobId, name, needs, kind, ...place });
    }
    if (job.reason !== undefined && job.reason !== seen.waiting && !isFinal(job.status)) {
      seen.waiting = job.reason;
      await this.#say({ type: "job.waiting", job: key, reason: job.reason });
    }
    const ran = job.carriedFrom === undefined;
    if (!seen.started && ran && job.startedAt !== undefined && job.kind === "job") {
      seen.started = true;
      const { attempt, name, environment } = job;
      await this.#say({
        type: "job.started",
        job: key,
        attempt,
        name,
        ...(environment === undefined ? {} : { environment }),
      });
    }
    if (ran) for (const step of job.steps) this.#tellStep(job, step, seen);
    if (isFinal(job.status) && !seen.finished) {
      seen.finished = true;
      this.#follow(this.#finishJob(job, seen));
    }
  }

  async #finishJob(job: RemoteJob, seen: SeenJob): Promise<void> {
    await Promise.all(seen.steps.values());
    const result = job.result ?? conclusionOf(job.status);
    const { key, outcome = result, outputs, error, reason, environmentUrl, durationMs = 0 } = job;
    await this.#say({
      type: "job.finished",
      job: key,
      result,
      outcome,
      outputs,
      ...(error === undefined ? {} : { error }),
      ...(reason === undefined ? {} : { reason }),
      ...(environmentUrl === undefined ? {} : { environmentUrl }),
      durationMs,
    });
  }

  #tellStep(job: RemoteJob, step: RemoteStep, seen: SeenJob): void {
    const known = seen.steps.get(step.id);
    const begun = step.startedAt !== undefined || isFinal(step.status) || step.number === 0;
    if (known !== undefined || !begun) return;
    const told = Promise.withResolvers<RemoteStep>();
    this.#ends.set(step.id, told);
    // One after the other, as they ran: the log of the one before is often still on its way.
    const earlier = before(step, job, seen);
    const follow = () => this.#followStep(job, step, told.promise);
    const telling = earlier.length === 0 ? follow() : Promise.all(earlier).then(follow);
    seen.steps.set(step.id, telling);
    this.#follow(telling);
  }

  readonly #ends = new Map<string, PromiseWithResolvers<RemoteStep>>();

  /** What the telling of a step waits for at the end of its log. */
  #settle(build: RemoteBuildDetail): void {
    for (const job of build.jobs) {
      for (const step of job.steps)
        if (isFinal(step.status) || isFinal(job.status)) this.#ends.get(step.id)?.resolve(step);
    }
  }

  async #followStep(job: RemoteJob, step: RemoteStep, end: Promise<RemoteStep>): Promise<void> {
    const { number, name, stage, type: action, background, stepId, line, parent } = step;
    if (number > 0) {
      await this.#say({
        type: "step.added",
        job: job.key,
        step: number,
        name,
        stage: stage === "job" ? "main" : stage,
        action,
        background,
        ...(stepId === undefined ? {} : { id: stepId }),
        ...(line === undefined ? {} : { line }),
        ...(parent === undefined ? {} : { parent }),
      });
      await this.#say({ type: "step.started", job: job.key, step: number, name });
    }
    await this.#options.readLog(step, (data) => this.#say({ type: "log", job: job.key, step: number, data }));
    const last = await end;
    if (number === 0) return;
    if (last.summary !== undefined)
      await this.#say({ type: "summary", job: job.key, step: number, markdown: last.summary });
    const conclusion = last.conclusion ?? conclusionOf(last.status);
    const { outcome = conclusion, exitCode, signal, error, durationMs = 0 } = last;
    await this.#say({
      type: "step.finished",
      job: job.key,
      step: number,
      outcome,
      conclusion,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(signal === undefined ? {} : { signal }),
      ...(error === undefined ? {} : { error }),
      outputs: {},
      durationMs,
    });
  }

  #follow(work: Promise<void>): void {
    this.#logs.add(work);
    // Whoever waits for all of them hears of a failure; until then it must not end the process.
    work.catch(() => {});
  }

  #say(body: BuildEventBody): void | Promise<void> {
    this.#seq += 1;
    return this.#options.sink({
      v: BUILD_EVENT_VERSION,
      seq: this.#seq,
      at: this.#options.now(),
      buildId: this.#buildId,
      ...body,
    });
  }
}

/** The tellings that a step's waits for: not those of what may go on beside it, nor of what it is a part of. */
function before(step: RemoteStep, job: RemoteJob, seen: SeenJob): Promise<void>[] {
  if (step.number === 0 || step.background) return [];
  return job.steps
    .filter(
      ({ number, background, parent }) =>
        number > 0 && number < step.number && !background && parent === step.parent,
    )
    .map(({ id }) => seen.steps.get(id))
    .filter((telling) => telling !== undefined);
}

function conclusionOf(status: Status): Conclusion {
  switch (status) {
    case "succeeded":
      return "success";
    case "skipped":
      return "skipped";
    case "cancelled":
      return "cancelled";
    default:
      return "failure";
  }
}
