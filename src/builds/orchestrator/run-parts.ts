import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Tracer } from "../../telemetry/tracer.ts";
import type { ChooseExecutor, JobEnvironment, JobServicesSource, PlacedJob } from "../build-options.ts";
import type { LoadWorkflow } from "../load-workflow.ts";

/** What a worker runs builds with; shared by all of its builds. */
export interface RunParts {
  readonly store: Store;
  readonly logs: LogSink;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracer: Tracer;
  /** Asked once for each attempt at a job, and again to attach to one after a crash. */
  readonly chooseExecutor: ChooseExecutor;
  /** What the place of a job adds to its request. Asked once for each attempt, just before it starts. */
  readonly jobEnvironment: (build: BuildRecord, job: PlacedJob) => Promise<JobEnvironment>;
  /** Undefined: no artifact, cache or OIDC service is offered. */
  readonly services: JobServicesSource | undefined;
  /**
   * The project's secrets, with those of a deployment environment where one is named. Read when the build is claimed
   * and when a job with an environment starts; kept nowhere but in memory.
   */
  readonly secretsOf: (
    projectId: string,
    environment?: string,
  ) => Promise<{ readonly [name: string]: string }>;
  readonly loadWorkflow: (build: BuildRecord) => LoadWorkflow;
  readonly limits: RunLimits;
  readonly infrastructureRetry: InfrastructureRetry;
}

/** Where a project names no number of its own. */
export interface RunLimits {
  /** Jobs that may run at once on the server, and of one project. */
  readonly maxJobs: number;
  readonly maxJobsPerProject: number;
  readonly maxBuildMinutes: number;
}

export interface InfrastructureRetry {
  /** Attempts after the first for a job whose place was lost. */
  readonly limit: number;
  /** Milliseconds before attempt `attempt` (2, 3, …) starts. */
  delayMs(attempt: number): number;
}
