import type { Executor } from "../../executors/executor.ts";
import type { Frame, FrameHeader } from "../../protocol/frame.ts";
import type { Masker } from "../../runner/output/masker.ts";
import type { Conclusion } from "../../status.ts";
import type { BuildChange, JobDetails } from "../../store/build-change.ts";
import type { AnnotationRecord } from "../../store/job-record.ts";
import type { AttemptFrames } from "../attempt-listener.ts";
import type { BuildEventBody } from "../build-event.ts";
import { FrameReader } from "../frame-reader.ts";
import type { PlannedJob } from "../planned-job.ts";
import type { AttemptStep, AttemptSteps } from "./attempt-steps.ts";
import type { BuildRows, JobRow } from "./build-rows.ts";
import type { JobSpans } from "./build-telemetry.ts";
import { derivedId } from "./derived-id.ts";
import type { Journal } from "./journal.ts";

export interface AttemptRecorderOptions {
  readonly job: PlannedJob;
  readonly row: JobRow;
  readonly rows: BuildRows;
  readonly steps: AttemptSteps;
  readonly journal: Journal;
  readonly masker: Masker;
  readonly spans: JobSpans;
  /** Told of a log that cannot be kept. */
  readonly onLogLost: (error: unknown) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Of an attempt that another process began: the last frame that is dealt with. */
  readonly afterSeq: number;
  /** Another process had placed it, and may have written more of its log than is known here. */
  readonly wasPlaced: boolean;
}

/** Chunks of logs are numbered by their frames; between two frames there is room for so many notes. */
const NOTES_PER_FRAME = 4096;
/** Whoever attaches to a job that another process had placed begins here with its own notes between two frames. */
const ATTACHED_NOTES = NOTES_PER_FRAME / 2;
/** What is remarked of an attempt that another process had placed is the last that is said of it. */
const AFTER_ALL = 2 ** 52;
/** At the latest so often it is noted how far a job that may be attached to again was read. */
const CHECKPOINT_MS = 1_000;

/**
 * Brings the frames of one attempt at a job into records and logs. The end of a step is recorded once its log is kept;
 * the number of a frame once all that came of it and of those before it is.
 */
export class AttemptRecorder implements AttemptFrames {
  readonly #options: AttemptRecorderOptions;
  readonly #reader: FrameReader;
  /** Ends of steps that wait for their logs. */
  readonly #ending = new Set<Promise<void>>();
  #executor: Executor | undefined;
  #ref: string | undefined;
  #started: { readonly at: number; readonly details: JobDetails } | undefined;
  #checkpointAt = 0;
  #checkpointing: Promise<void> | undefined;
  #notes = { after: 0, count: 0 };
  #remarks = 0;
  #closed = false;

  constructor(options: AttemptRecorderOptions) {
    const { job, row, afterSeq, masker } = options;
    this.#options = options;
    this.#reader = new FrameReader({
      job: job.key,
      attempt: row.attempt,
      ...(job.name === job.addedAs ? {} : { name: job.name }),
      ...(job.settings.environment === undefined ? {} : { environment: job.settings.environment }),
      afterSeq,
      write: (body, from) => this.#record(body, from),
      onMask: (value) => masker.add(value),
    });
  }

  receive(frame: Frame): void | Promise<void> {
    const taken = this.#reader.receive(frame);
    this.#maybeCheckpoint(frame);
    const room = this.#options.journal.room();
    return room === undefined ? taken : Promise.all([taken, room]).then(() => {});
  }

  placed(executor: Executor, ref: string): void {
    this.#executor = executor;
    this.#ref = ref;
    this.#recordPlace();
  }

  note(text: string): void {
    if (!this.#closed) this.#say(text);
  }

  /** A line of the job's own log from this side: before its first frame, or the last that is said of an attempt. */
  remark(text: string): void {
    if (!this.#options.wasPlaced) {
      this.#say(text);
      return;
    }
    this.#remarks += 1;
    this.#append(AFTER_ALL + this.#remarks, text);
  }

  #say(text: string): void {
    const { lastSeq } = this.#reader;
    const { after, count } = this.#notes;
    this.#notes = { after: lastSeq, count: after === lastSeq ? count + 1 : 1 };
    // Past the room they would come before what they follow.
    const place = this.#notes.count + (this.#options.wasPlaced ? ATTACHED_NOTES : 0);
    if (place < NOTES_PER_FRAME) this.#append(lastSeq * NOTES_PER_FRAME + place, text);
  }

  #append(seq: number, text: string): void {
    const { now, journal, steps } = this.#options;
    const { step, changes } = steps.get(0, now());
    journal.note(changes);
    // It rejects only where nothing is written any more.
    Promise.resolve(step.log.append(seq, now(), Buffer.from(`${text}\n`))).catch(() => {});
  }

  /** Resolves once everything that was received is in the logs, and given to the journal. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    if (this.#started !== undefined) this.#recordPlace();
    await Promise.all(this.#ending);
    await this.#keepOpenLogs();
  }

  /** What ends with the job: its steps that did not end by themselves. `onRecorded` is to be called then. */
  end(
    outcome: Conclusion,
    error: string | undefined,
  ): { readonly changes: BuildChange[]; readonly onRecorded: () => void } {
    const { steps, now } = this.#options;
    const { open } = steps;
    const changes = steps.close(outcome, now(), error);
    return {
      changes,
      onRecorded: () => {
        for (const { log } of open) log.end();
      },
    };
  }

  /** Resolves once the notes are in the logs, too. */
  async keepNotes(): Promise<void> {
    await this.#keepOpenLogs();
  }

  async #keepOpenLogs(): Promise<void> {
    const { steps, onLogLost } = this.#options;
    const keep = async ({ log }: AttemptStep) => {
      await log.finish();
      await log.flush();
    };
    await Promise.all(steps.open.map((step) => keep(step).catch(onLogLost)));
  }

  #record(body: BuildEventBody, { seq, at }: FrameHeader): void | Promise<void> {
    const { journal, steps, row } = this.#options;
    switch (body.type) {
      case "job.started": {
        const { name, environment } = body;
        const details = {
          ...(name === undefined ? {} : { name }),
          ...(environment === undefined ? {} : { environment }),
        };
        this.#started = { at, details };
        this.#options.spans.started(at);
        if (this.#ref !== undefined) this.#recordPlace();
        return;
      }
      case "step.added": {
        const { job: _job, ...frame } = body;
        journal.note(steps.add({ ...frame, type: "step.added" }));
        return;
      }
      case "log":
        return this.#log(body.step, body.data, seq, at);
      case "annotation": {
        const { job: _job, type: _type, code: _code, ...rest } = body;
        const annotation: AnnotationRecord = {
          ...rest,
          id: derivedId(row.id, "annotation", seq, at),
          buildId: this.#buildId,
          jobId: row.id,
          createdAt: at,
        };
        journal.note([{ kind: "annotation-added", annotation }]);
        return;
      }
      case "step.started":
        this.#change(body.step, at, (step) =>
          steps.move(step, "running", at, step.name === body.name ? {} : { name: body.name }),
        );
        return;
      case "summary":
        this.#change(body.step, at, (step) => steps.move(step, step.status, at, { summary: body.markdown }));
        return;
      case "step.finished":
        this.#finishStep(body, seq, at);
        return;
    }
  }

  get #buildId(): string {
    return this.#options.rows.buildId;
  }

  #change(number: number, at: number, change: (step: AttemptStep) => readonly BuildChange[]): void {
    const { steps, journal } = this.#options;
    const { step, changes } = steps.get(number, at);
    // Of a frame that comes again after its step has ended nothing is new.
    if (!step.ended) journal.note([...changes, ...change(step)]);
  }

  #log(number: number, data: Uint8Array, seq: number, at: number): void | Promise<void> {
    const { steps, journal } = this.#options;
    const { step, changes } = steps.get(number, at);
    if (changes.length > 0) journal.note(changes);
    if (!step.ended) return step.log.append(seq * NOTES_PER_FRAME, at, data);
  }

  #finishStep(body: Extract<BuildEventBody, { type: "step.finished" }>, seq: number, at: number): void {
    const { steps, journal, spans, now } = this.#options;
    const { step, changes } = steps.get(body.step, at);
    if (step.ended) return;
    step.ended = true;
    const record = () => {
      const { job: _job, ...frame } = body;
      spans.step(step, at, frame);
      journal.note([...changes, ...steps.finish(step, frame, at)], () => {
        spans.stepRecorded((now() - at) / 1000);
        step.log.end();
      });
    };
    const kept = this.#keepLog(step, seq, at);
    if (kept === undefined) {
      record();
      return;
    }
    const ending: Promise<void> = kept
      .catch(this.#options.onLogLost)
      .then(record)
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    if (this.#executor?.jobsOutliveIt === true) this.#checkpoint(seq, at);
  }

  #keepLog({ log }: AttemptStep, seq: number, at: number): Promise<void> | undefined {
    const rest = log.finish(seq * NOTES_PER_FRAME, at);
    return rest === undefined ? log.flush() : rest.then(() => log.flush());
  }

  /** What is known of where it runs, and that it does: one change where both are known at once. */
  #recordPlace(): void {
    const { rows, journal, row, job } = this.#options;
    const started = this.#started;
    const details: JobDetails = {
      ...started?.details,
      ...(this.#executor === undefined ? {} : { executor: this.#executor.name }),
      ...(this.#ref === undefined ? {} : { executorRef: this.#ref }),
    };
    this.#started = undefined;
    const status = started === undefined ? row.status : "running";
    const current = rows.get(job.key)?.status ?? status;
    journal.note(
      rows.move(
        job.key,
        started === undefined ? current : "running",
        started?.at ?? this.#options.now(),
        details,
      ),
    );
  }

  #maybeCheckpoint({ seq, at }: Frame): void {
    if (this.#executor?.jobsOutliveIt !== true || at - this.#checkpointAt < CHECKPOINT_MS) return;
    this.#checkpoint(seq, at);
  }

  /** Notes how far the frames are dealt with, for who attaches after a crash. */
  #checkpoint(seq: number, at: number): void {
    if (this.#checkpointing !== undefined || this.#closed) return;
    this.#checkpointAt = at;
    const held = this.#options.steps.open.map(({ log }) => log.heldSince ?? Number.POSITIVE_INFINITY);
    const { rows, journal, job, steps, now } = this.#options;
    const kept = Promise.all([...this.#ending, ...steps.open.map(({ log }) => log.flush())]);
    this.#checkpointing = kept
      .then(() => {
        const own = held.map((first) => Math.ceil(first / NOTES_PER_FRAME) - 1);
        const frameSeq = Math.min(seq, ...own);
        if (frameSeq > (rows.get(job.key)?.frameSeq ?? 0))
          journal.note(rows.change(job.key, now(), { frameSeq }));
      })
      .catch(() => {})
      .finally(() => {
        this.#checkpointing = undefined;
      });
  }
}
