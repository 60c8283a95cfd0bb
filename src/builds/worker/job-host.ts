import type { Executor } from "../../executors/executor.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { JobEnvironment, PlacedJob } from "../build-options.ts";

/** A place that a worker offers for jobs: its executor, and what it adds to their requests. */
export interface JobHost {
  readonly executor: Executor;
  jobEnvironment(build: BuildRecord, job: PlacedJob): Promise<JobEnvironment>;
  /** What the jobs of a build shared is not needed any more. Never rejects. */
  buildEnded(buildId: string): Promise<void>;
  /** Ends and removes what is left of workers that were killed. Never rejects. */
  sweep(): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}
