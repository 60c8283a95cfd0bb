/** Writes events as a build does, so that tests read like one. */
import type { BuildEvent, BuildEventBody } from "../builds/build-event.ts";

export const STARTED_AT = Date.UTC(2026, 0, 2, 3, 4, 5);

export class EventScript {
  readonly events: BuildEvent[] = [];
  /** Milliseconds since the start. */
  time = 0;
  readonly #buildId: string;

  constructor(buildId = "1001") {
    this.#buildId = buildId;
  }

  say(body: BuildEventBody): this {
    this.events.push({
      v: 1,
      seq: this.events.length + 1,
      at: STARTED_AT + this.time,
      buildId: this.#buildId,
      ...body,
    } as BuildEvent);
    return this;
  }

  start(title = "CI"): this {
    const sha = "1a2b3c4d".padEnd(40, "0");
    return this.say({
      type: "build.started",
      file: ".github/workflows/ci.yml",
      workflow: title,
      title,
      event: "push",
      ref: "refs/heads/main",
      sha,
    });
  }

  job(
    job: string,
    more: { name?: string; needs?: string[]; kind?: "job" | "group"; legOf?: string } = {},
  ): this {
    return this.say({ type: "job.added", job, jobId: job, name: job, needs: [], kind: "job", ...more });
  }

  run(job: string): this {
    return this.say({ type: "job.started", job, attempt: 1 });
  }

  step(
    job: string,
    step: number,
    name: string,
    more: { stage?: "setup" | "main"; background?: boolean } = {},
  ): this {
    return this.say({
      type: "step.added",
      job,
      step,
      name,
      stage: "main",
      action: "run",
      background: false,
      ...more,
    }).say({ type: "step.started", job, step, name });
  }

  log(job: string, step: number, text: string): this {
    return this.say({ type: "log", job, step, data: Buffer.from(text) });
  }

  endStep(job: string, step: number, outcome: "success" | "failure" | "skipped", exitCode?: number): this {
    return this.say({
      type: "step.finished",
      job,
      step,
      outcome,
      conclusion: outcome,
      ...(exitCode === undefined ? {} : { exitCode }),
      outputs: {},
      durationMs: 1200,
    });
  }

  end(job: string, result: "success" | "failure" | "skipped" | "cancelled", reason?: string): this {
    return this.say({
      type: "job.finished",
      job,
      result,
      outcome: result,
      outputs: {},
      ...(reason === undefined ? {} : { reason }),
      durationMs: 2500,
    });
  }

  finish(result: "success" | "failure" | "cancelled"): this {
    return this.say({ type: "build.finished", result, durationMs: 3000 });
  }
}
