import type { BuildLease } from "./build-record.ts";

/** Jobs that may run at once, over all workers. A slot goes with its build: an ended build holds none. */
export interface SlotStore {
  /** True: the job may start (also where it holds a slot already). False: a limit is reached; ask again later. */
  take(lease: BuildLease, request: SlotRequest): Promise<boolean>;
  /** Idempotent. */
  give(buildId: string, jobKey: string): Promise<void>;
}

export interface SlotRequest {
  readonly projectId: string;
  readonly jobKey: string;
  /** On the server, and for the project. */
  readonly maxJobs: number;
  readonly maxJobsOfProject: number;
}
