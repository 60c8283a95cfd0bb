import type { CacheScopes } from "./cache-scopes.ts";
import type { ServiceJob } from "./service-job.ts";

/** A live job, as the services see whoever shows one of its tokens. */
export interface JobIdentity {
  readonly job: ServiceJob;
  /** What `isLive` takes. */
  readonly liveId: string;
  /** UUID-shaped: what the clients call backend ids. Those of a run are the same for all jobs that share its artifacts. */
  readonly runBackendId: string;
  readonly jobBackendId: string;
  /** Whose artifacts it sees and adds to: the build; on a server its first attempt. */
  readonly runId: string;
  readonly scopes: CacheScopes;
  /** Artifacts and caches of one space are hidden from every other: `owner/repo`; on a server the project's id. */
  readonly space: string;
}

/**
 * `runtime`: artifacts and caches. `id-token`: proofs for others. `git`: reading the project's repository. `runner`: what
 * the job's own runner says of it, and is told.
 */
export type TokenPurpose = "runtime" | "id-token" | "git" | "runner";

export type JobName = Pick<ServiceJob, "buildId" | "jobKey" | "attempt">;

/**
 * Hands out the tokens of jobs and tells whose a token is. A token is good for its own job, its own purpose, and only
 * while the job runs. None of them is an API token.
 */
export interface JobTokens {
  issue(job: ServiceJob, purpose: TokenPurpose): Promise<string>;
  /** Rejects with `Unauthorized` unless the token is a live job's, for this purpose. */
  identify(token: string, purpose: TokenPurpose): Promise<JobIdentity>;
  /** By `JobIdentity.liveId`: false once the job has ended. */
  isLive(liveId: string): Promise<boolean>;
  /** The job has ended, before its record says so. Gives its `liveId`; undefined: it was not live. */
  revoke(job: JobName): Promise<string | undefined>;
}
