import type { AttemptFrames, AttemptListener, NextAttempt } from "./attempt-listener.ts";
import type { EventWriter } from "./event-writer.ts";
import { FrameReader } from "./frame-reader.ts";
import type { PlannedJob } from "./planned-job.ts";

/** Tells of a job's attempts as events of its build. */
export class AttemptEvents implements AttemptListener {
  readonly #job: PlannedJob;
  readonly #writer: EventWriter;
  readonly onUnusedImage: () => void;

  constructor(job: PlannedJob, writer: EventWriter, onUnusedImage: () => void) {
    this.#job = job;
    this.#writer = writer;
    this.onUnusedImage = onUnusedImage;
  }

  begin(attempt: number): AttemptFrames {
    const { key, name, addedAs, settings } = this.#job;
    const reader = new FrameReader({
      job: key,
      attempt,
      ...(name === addedAs ? {} : { name }),
      ...(settings.environment === undefined ? {} : { environment: settings.environment }),
      write: (body, { at }) => this.#writer.write(body, at),
    });
    return {
      receive: (frame) => reader.receive(frame),
      note: (text) => {
        void this.#writer.write({ type: "log", job: key, step: 0, data: Buffer.from(`${text}\n`) });
      },
      close: () => reader.close(),
    };
  }

  lost(_attempt: number, _error: unknown, next: NextAttempt | undefined): void | Promise<void> {
    if (next === undefined) return;
    return this.#writer.write({ type: "job.waiting", job: this.#job.key, reason: next.reason });
  }

  warn(message: string): void | Promise<void> {
    return this.#writer.write({ type: "warning", message, job: this.#job.key });
  }
}
