import type { Clock } from "../../clock.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { Masker } from "../../runner/output/masker.ts";
import { statusOfConclusion } from "../../status.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { StepRecord } from "../../store/job-record.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { AttemptFrames, AttemptListener, NextAttempt } from "../attempt-listener.ts";
import type { EndedJob } from "../build-fact.ts";
import { JobAttempts, type JobPlaces, type LeftRunner } from "../job-attempts.ts";
import { messageOf } from "../located-error.ts";
import type { PlannedJob } from "../planned-job.ts";
import { afterLong } from "./after-long.ts";
import type { ApprovalGate } from "./approval-gate.ts";
import { AttemptRecorder } from "./attempt-recorder.ts";
import { AttemptSteps } from "./attempt-steps.ts";
import type { BuildRows } from "./build-rows.ts";
import type { BuildTelemetry, JobSpans } from "./build-telemetry.ts";
import type { Journal } from "./journal.ts";
import type { SlotQueue } from "./slot-queue.ts";
import type { Patience } from "./until-reached.ts";

/** What the jobs of one build share. */
export interface JobRunParts {
  readonly places: JobPlaces;
  readonly token: string | undefined;
  /** Of the lease under which they run. */
  readonly fence: number;
  readonly rows: BuildRows;
  readonly journal: Journal;
  readonly logs: LogSink;
  readonly masker: Masker;
  readonly gate: ApprovalGate;
  readonly slots: SlotQueue;
  readonly telemetry: BuildTelemetry;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those of a deployment environment that the project's others do not have, or have otherwise. */
  readonly environmentSecrets: (environment: string) => Promise<{ readonly [name: string]: string }>;
  readonly onUnusedImage: (job: PlannedJob) => void;
  readonly onWarning: (message: string) => void;
  /** A job begins to wait for its reviewers, or does so no more. */
  readonly onReview: () => void;
}

/** What the records have of a job that another process began. */
export interface LeftJob {
  readonly steps: readonly StepRecord[];
  /** Absent: it had not been started. */
  readonly runner?: LeftRunner;
}

/** A runner keeps the job's own time; this is for one that does not. */
const TIMEOUT_MARGIN_MS = 60_000;

interface Recording {
  readonly recorder: AttemptRecorder;
  readonly spans: JobSpans;
}

/** A job from the decision to start it to its end: review, room on the server, attempts. */
export class JobRun implements AttemptListener {
  readonly #job: PlannedJob;
  readonly #parts: JobRunParts;
  readonly #left: LeftJob | undefined;
  readonly #stopped = new AbortController();
  #attempts: JobAttempts | undefined;
  #reason: string | undefined;
  #recorder: Recording | undefined;
  #timedOut: string | undefined;
  #abandoned = false;
  #stopTimer: () => void = () => {};
  #lost: string | undefined;
  #inReview = false;

  constructor(job: PlannedJob, parts: JobRunParts, left?: LeftJob) {
    this.#job = job;
    this.#parts = parts;
    this.#left = left;
  }

  /** The last attempt's place was lost, or could not be had. */
  get infrastructureFailure(): boolean {
    return this.#lost !== undefined;
  }

  /** It waits for a reviewer, and for nothing else. */
  get inReview(): boolean {
    return this.#inReview;
  }

  /** Never rejects. */
  async run(): Promise<EndedJob> {
    try {
      const end = await this.#run();
      await this.#recorder?.recorder.close();
      if (this.#timedOut === undefined) return end;
      return { outcome: "failure", outputs: {}, error: this.#timedOut };
    } catch (error) {
      return this.#reason === undefined
        ? { outcome: "failure", outputs: {}, error: messageOf(error) }
        : this.#cancelled();
    }
  }

  /** Idempotent. */
  cancel(reason: string): void {
    this.#reason ??= reason;
    this.#stopped.abort("stopped");
    this.#attempts?.cancel(reason);
  }

  /** Idempotent. */
  kill(reason: string): void {
    this.#reason ??= reason;
    this.#stopped.abort("stopped");
    this.#attempts?.kill(reason);
  }

  /** See `JobAttempts.abandon`. */
  async abandon(): Promise<void> {
    this.#reason ??= "abandoned";
    this.#abandoned = true;
    this.#stopped.abort("stopped");
    // One that goes on without this process has no end here, and its time is counted by the next.
    this.#stopTimer();
    await this.#attempts?.abandon();
    this.#recorder?.spans.ended(undefined, this.#parts.clock.now());
  }

  /** What ends with it, besides its row. */
  settle({ outcome, error }: EndedJob): { readonly changes: BuildChange[]; readonly onRecorded: () => void } {
    const open = this.#recorder;
    const release = () => void this.#attempts?.release();
    if (open === undefined) return { changes: [], onRecorded: release };
    const why = this.#lost ?? error ?? "The end of this step never arrived.";
    const { changes, onRecorded } = open.recorder.end(outcome, outcome === "cancelled" ? undefined : why);
    open.spans.ended(statusOfConclusion(outcome), this.#parts.clock.now());
    return {
      changes,
      onRecorded: () => {
        onRecorded();
        release();
      },
    };
  }

  // What its attempts tell.

  begin(): AttemptFrames {
    return this.#recorderNow().recorder;
  }

  onUnusedImage(): void {
    this.#parts.onUnusedImage(this.#job);
  }

  warn(message: string): void {
    this.#parts.onWarning(message);
  }

  async lost(_attempt: number, error: unknown, next: NextAttempt | undefined): Promise<void> {
    const { rows, journal, clock, telemetry, masker, logger } = this.#parts;
    const { key } = this.#job;
    const message = masker.text(messageOf(error));
    const { recorder, spans } = this.#recorderNow();
    logger.warn({ jobKey: key, next: next?.attempt }, `A job's place was lost: ${message}`);
    const plan =
      next === undefined
        ? "There is no further attempt."
        : `Attempt ${next.attempt} in ${next.delayMs / 1000} s.`;
    recorder.remark(`##[error]${message} ${plan}`);
    await recorder.keepNotes();
    if (next === undefined) {
      this.#lost = message;
      return;
    }
    const { changes, onRecorded } = recorder.end("failure", message);
    spans.ended("failed", clock.now());
    telemetry.retried();
    this.#recorder = undefined;
    journal.write([...changes, ...rows.retry(key, clock.now(), message, next.reason)], onRecorded);
  }

  async #run(): Promise<EndedJob> {
    const { environment } = this.#job.settings;
    if (this.#left?.runner === undefined) {
      const refusal = environment === undefined ? undefined : await this.#review(environment);
      if (refusal !== undefined) return refusal;
      if (!(await this.#enter())) return this.#cancelled();
    } else {
      this.#parts.slots.keep(this.#job.key);
    }
    const job = environment === undefined ? this.#job : await this.#withSecretsOf(environment);
    if (this.#abandoned || (this.#reason !== undefined && this.#left?.runner === undefined)) {
      return this.#cancelled();
    }
    const attempts = this.#createAttempts(job);
    this.#attempts = attempts;
    if (this.#reason !== undefined) attempts.cancel(this.#reason);
    this.#stopTimer = this.#limitTime(attempts);
    try {
      return await attempts.run();
    } finally {
      this.#stopTimer();
    }
  }

  #createAttempts(job: PlannedJob): JobAttempts {
    const { places, token, rows } = this.#parts;
    const attempt = rows.get(job.key)?.attempt ?? 1;
    const runner = this.#left?.runner;
    return new JobAttempts({
      build: places,
      job,
      token,
      listener: this,
      from: { attempt, ...(runner === undefined ? {} : { runner }) },
    });
  }

  /** Undefined: it may go on. */
  async #review(environment: string): Promise<EndedJob | undefined> {
    const { gate, rows, journal, clock, onReview } = this.#parts;
    const { key } = this.#job;
    const passage = await gate.pass(key, environment, this.#stopped.signal, ({ name, reviewers }) => {
      const who = reviewers.includes("*") ? "whoever may write to the project" : reviewers.join(", ");
      const reason = `it waits for a review for '${name}' by ${who}`;
      journal.write(rows.move(key, "waiting", clock.now(), { reason, environment }));
      this.#inReview = true;
      onReview();
      this.#recorderNow().recorder.remark(`This job waits for a review for '${name}' by ${who}.`);
    });
    this.#inReview = false;
    onReview();
    if (passage.kind === "open") return undefined;
    if (passage.kind === "stopped") return this.#cancelled();
    return { outcome: "failure", outputs: {}, error: `${passage.reason}.` };
  }

  async #enter(): Promise<boolean> {
    const { slots, rows, journal, clock } = this.#parts;
    const { key } = this.#job;
    const status = rows.get(key)?.status;
    if (status === "pending" || status === "waiting")
      journal.note(rows.move(key, "queued", clock.now(), { reason: "" }));
    return await slots.take(key, this.#stopped.signal, () => {
      const reason = "it waits for other jobs: as many run as may";
      journal.write(rows.change(key, clock.now(), { reason }));
      this.#recorderNow().recorder.remark("This job waits for other jobs: as many run as may.");
    });
  }

  async #withSecretsOf(environment: string): Promise<PlannedJob> {
    const own = await this.#parts.environmentSecrets(environment);
    if (Object.keys(own).length === 0) return this.#job;
    const { workflow } = this.#job;
    return { ...this.#job, workflow: { ...workflow, secrets: { ...workflow.secrets, ...own } } };
  }

  /** Counted from the start that the records have; there is none for a job without a limit. */
  #limitTime(attempts: JobAttempts): () => void {
    const { timeoutMs, cancelTimeoutMs } = this.#job.settings;
    if (timeoutMs === 0) return () => {};
    const { clock, rows } = this.#parts;
    const since = rows.get(this.#job.key)?.startedAt ?? clock.now();
    const until = since + timeoutMs + cancelTimeoutMs + TIMEOUT_MARGIN_MS;
    return afterLong(clock, until - clock.now(), () => {
      this.#timedOut = `The job has exceeded the maximum execution time of ${timeoutMs / 60_000} minutes, and its runner did not end it.`;
      attempts.kill(this.#timedOut);
    });
  }

  #cancelled(): EndedJob {
    return { outcome: "cancelled", outputs: {}, reason: this.#reason ?? "cancelled" };
  }

  /** Of the attempt that the records have as the newest. */
  #recorderNow(): Recording {
    if (this.#recorder !== undefined) return this.#recorder;
    const { rows, journal, fence, logs, masker, patience, clock, telemetry, logger } = this.#parts;
    const row = rows.get(this.#job.key);
    if (row === undefined) throw new Error(`Job ${this.#job.key} has no record.`);
    const steps = new AttemptSteps({ buildId: rows.buildId, row, fence, logs, masker, patience });
    const spans = telemetry.job(row.key, row.attempt, row.id);
    const left = this.#left?.steps.every(({ jobId }) => jobId === row.id) ? this.#left : undefined;
    if (left !== undefined) steps.restore(left.steps);
    if (row.startedAt !== undefined) spans.started(row.startedAt);
    const recorder = new AttemptRecorder({
      job: this.#job,
      row,
      rows,
      steps,
      journal,
      masker,
      spans,
      onLogLost: (error) => {
        if (patience.signal.aborted) return;
        const why = masker.text(messageOf(error));
        logger.error({ jobKey: row.key }, `A log could not be kept: ${why}`);
      },
      now: () => clock.now(),
      afterSeq: left?.runner?.afterSeq ?? 0,
      wasPlaced: left?.runner !== undefined,
    });
    this.#recorder = { recorder, spans };
    return this.#recorder;
  }
}
