/** The services a job's steps talk to: artifacts, caches, id tokens. */
import type { ServiceJob } from "../identity/service-job.ts";
import type { JobServices } from "../protocol/job-request.ts";
import type { ArtifactSpec } from "../spec/workflow-spec.ts";
import type { StoredArtifact } from "./stored-artifact.ts";

export interface Services {
  /** Addresses and fresh tokens for one job. Its earlier tokens stay good until `revoke`. */
  servicesFor(job: ServiceJob): Promise<JobServices>;

  /** The job has ended: from now on its tokens and signed addresses are refused, its unfinished uploads are dropped. */
  revoke(job: Pick<ServiceJob, "buildId" | "jobKey" | "attempt">): Promise<void>;

  /** Finished artifacts of a build that have not expired, oldest first. */
  listArtifacts(buildId: string): Promise<readonly StoredArtifact[]>;

  /** Keeps the `artifacts` of a `.platform.yaml` pipeline. */
  collectArtifacts(request: CollectRequest): Promise<CollectReport>;

  /** Ends every connection. Idempotent. */
  close(): Promise<void>;
}

export interface ServicesOptions {
  /** Where artifacts lie: `<directory>/<build>/<artifact>/<file>`. Made where it is missing. */
  readonly directory: string;
  /** Where caches lie, shared by runs. Absent: `<directory>/.cache`. */
  readonly cacheDirectory?: string;
  /** Bytes all caches together may take before the least recently used go; 10 GiB where absent. */
  readonly cacheQuotaBytes?: number;
  /** Where the key that signs id tokens is kept. Absent: a new key every start. */
  readonly keyDirectory?: string;
  /** How long an artifact is kept that names no time of its own; 90 days where absent, which is also the most. */
  readonly retentionDays?: number;
  /** Closes the services when it aborts. */
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export interface CollectRequest {
  readonly buildId: string;
  /** Absolute path. Nothing outside it is read, through no link. */
  readonly workspace: string;
  readonly specs: readonly ArtifactSpec[];
}

export interface CollectReport {
  readonly artifacts: readonly StoredArtifact[];
  /** What could not be kept and why, one text each, for a person. */
  readonly problems: readonly string[];
}
