import type { StepFinishedFrame } from "../../protocol/frame.ts";
import { type Conclusion, type Status, statusOfConclusion } from "../../status.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Span, Tracer } from "../../telemetry/tracer.ts";
import type { AttemptStep } from "./attempt-steps.ts";

/** Jobs that run on this worker, over all its builds. */
const running = new WeakMap<Metrics, number>();

/** Numbers, spans and log lines of one build: the build is a trace, its jobs and steps are spans in it. */
export class BuildTelemetry {
  readonly #metrics: Metrics;
  readonly #tracer: Tracer;
  readonly #logger: Logger;
  readonly #span: Span;
  readonly #startedAt: number;
  readonly #mask: (text: string) => string;

  /** `at`: Unix milliseconds, now. */
  constructor(
    build: BuildRecord,
    {
      metrics,
      tracer,
      logger,
    }: { readonly metrics: Metrics; readonly tracer: Tracer; readonly logger: Logger },
    at: number,
    mask: (text: string) => string,
  ) {
    this.#metrics = metrics;
    this.#tracer = tracer;
    this.#mask = mask;
    this.#startedAt = build.startedAt ?? at;
    this.#logger = logger.child({ buildId: build.id, projectId: build.projectId });
    this.#logger.info({ number: build.number, attempt: build.attempt }, "a build runs");
    this.#span = tracer.start("build", {
      at: this.#startedAt,
      traceId: build.id.replaceAll("-", ""),
      attributes: {
        "build.id": build.id,
        "build.number": build.number,
        "build.attempt": build.attempt,
        "project.id": build.projectId,
        "pipeline.id": build.pipelineId,
        "build.event": build.event,
        "build.ref": build.ref,
        "build.sha": build.sha,
      },
    });
  }

  queued(build: BuildRecord): void {
    const { queuedAt, startedAt } = build;
    if (queuedAt === undefined || startedAt === undefined) return;
    this.#metrics.observe("slipway_build_queue_seconds", Math.max(0, startedAt - queuedAt) / 1000);
  }

  /** `jobId`: of its record. */
  job(key: string, attempt: number, jobId: string): JobSpans {
    const logger = this.#logger.child({ jobId, jobKey: key, jobAttempt: attempt });
    return new JobSpans(
      { key, attempt, build: this.#span, tracer: this.#tracer, metrics: this.#metrics, logger },
      this.#mask,
    );
  }

  jobEnded(outcome: Conclusion): void {
    this.#metrics.count("slipway_jobs_total", { status: statusOfConclusion(outcome) });
  }

  retried(): void {
    this.#metrics.count("slipway_job_retries_total");
  }

  ended(status: Status, at: number): void {
    this.#metrics.count("slipway_builds_total", { status });
    this.#metrics.observe("slipway_build_duration_seconds", Math.max(0, at - this.#startedAt) / 1000, {
      status,
    });
    this.#logger.info({ status, durationMs: Math.max(0, at - this.#startedAt) }, "a build has ended");
    this.#end(status, at);
  }

  abandoned(at: number): void {
    this.#logger.info({}, "a build is left to another worker");
    this.#end("abandoned", at);
  }

  #end(status: Status | "abandoned", at: number): void {
    this.#span.set({ "build.status": status });
    this.#span.end(at, status === "failed" ? { error: "the build failed" } : undefined);
  }
}

interface JobSpanParts {
  readonly key: string;
  readonly attempt: number;
  readonly build: Span;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Of one attempt at a job. */
export class JobSpans {
  readonly #parts: JobSpanParts;
  readonly #mask: (text: string) => string;
  #span: Span | undefined;
  #startedAt = 0;
  #ended = false;

  constructor(parts: JobSpanParts, mask: (text: string) => string) {
    this.#parts = parts;
    this.#mask = mask;
  }

  started(at: number): void {
    if (this.#span !== undefined) return;
    const { tracer, build, key, attempt, metrics, logger } = this.#parts;
    this.#startedAt = at;
    logger.info({}, "a job runs");
    const attributes = { "job.key": key, "job.attempt": attempt };
    this.#span = tracer.start("job", { at, parent: build, attributes });
    count(metrics, 1);
  }

  step({ name, startedAt }: AttemptStep, at: number, { conclusion, error }: StepFinishedFrame): void {
    if (this.#span === undefined) return;
    const attributes = { "step.name": this.#mask(name), "step.conclusion": conclusion };
    const span = this.#parts.tracer.start("step", { at: startedAt ?? at, parent: this.#span, attributes });
    const why = error === undefined ? "the step failed" : this.#mask(error);
    span.end(at, conclusion === "failure" ? { error: why } : undefined);
  }

  /** Seconds from the end of a step to its state in the records. */
  stepRecorded(seconds: number): void {
    this.#parts.metrics.observe("slipway_step_recorded_seconds", Math.max(0, seconds));
  }

  /** Idempotent. Undefined: it ended without this worker having an end for it. */
  ended(status: Status | undefined, at: number): void {
    if (this.#ended) return;
    this.#ended = true;
    const { metrics, logger } = this.#parts;
    if (this.#span === undefined) return;
    count(metrics, -1);
    if (status !== undefined) {
      const seconds = Math.max(0, at - this.#startedAt) / 1000;
      metrics.observe("slipway_job_duration_seconds", seconds, { status });
      this.#span.set({ "job.status": status });
      logger.info({ status, durationMs: Math.max(0, at - this.#startedAt) }, "a job has ended");
    }
    this.#span.end(at, status === "failed" ? { error: "the job failed" } : undefined);
  }
}

function count(metrics: Metrics, by: number): void {
  const now = (running.get(metrics) ?? 0) + by;
  running.set(metrics, now);
  metrics.set("slipway_jobs_running", now);
}
