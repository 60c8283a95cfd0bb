import type { BuildChange } from "./build-change.ts";
import type {
  BuildLease,
  BuildRecord,
  BuildSnapshot,
  BuildStatus,
  BuildTrigger,
  FactRecord,
} from "./build-record.ts";
import type { AnnotationRecord, JobRecord, StepRecord } from "./job-record.ts";
import type { Page, PageRequest } from "./page.ts";

/**
 * Builds, their jobs and steps. States change only by the table of legal moves (`src/status.ts`), each by a
 * conditional update: a lost race rejects with `Conflict`. Unknown ids reject with `NotFound`, an engine that cannot be
 * reached with `Transient`.
 */
export interface BuildStore {
  /**
   * Inserts a build and its snapshot, `pending`; numbers it. `id` is the caller's: the same id again gives the build
   * that is there.
   */
  create(build: NewBuild, snapshot: Omit<BuildSnapshot, "buildId">): Promise<BuildRecord>;

  /** `pending` to `queued`. A build that is past that stays as it is. Notes when it was published, also again. */
  markQueued(buildId: string, at: number): Promise<BuildRecord>;

  /**
   * Takes one build for a worker: of those that are `pending` or `queued`, or `running` with a lease that ran out,
   * without the quotas being passed. `running` with a lapsed lease first, then the project with the fewest running
   * builds, then the oldest. Undefined: none can be taken now. Of any number of claims at once each build goes to one.
   */
  claim(request: ClaimRequest): Promise<ClaimedBuild | undefined>;

  /** Prolongs the leases a worker holds; gives those that are its no more (another has claimed them, or they ended). */
  heartbeat(owner: string, leases: readonly BuildLease[], leaseMs: number): Promise<readonly BuildLease[]>;

  /** Gives builds back before the lease runs out (a worker that stops): they may be claimed at once. */
  release(leases: readonly BuildLease[]): Promise<void>;

  /** Gives back what workers of earlier processes left running: for the only process of a store, at its start. Gives how many. */
  releaseAll(): Promise<number>;

  /** Which of these are running and were asked to be cancelled: what a worker looks up beside the events. */
  cancelWishes(buildIds: readonly string[]): Promise<readonly CancelWish[]>;

  /**
   * Applies changes in order in one transaction. Rejects with `Conflict` (and changes nothing) if the lease is lost.
   * Gives the build's new version.
   */
  advance(lease: BuildLease, changes: readonly BuildChange[]): Promise<number>;

  /**
   * Asks for a cancel. A build nobody runs is `cancelled` at once; of one that runs the wish is noted for its worker.
   * Idempotent; a build that has ended stays as it is.
   */
  requestCancel(buildId: string, reason: string, at: number): Promise<BuildRecord>;

  /** Fails a build that nobody runs (its message was poison, say). No-op where it has ended. */
  fail(buildId: string, error: string, at: number): Promise<BuildRecord>;

  get(buildId: string): Promise<BuildRecord>;
  snapshot(buildId: string): Promise<BuildSnapshot>;
  facts(buildId: string): Promise<readonly FactRecord[]>;
  list(filter: BuildFilter, page: PageRequest): Promise<Page<BuildRecord>>;
  /** All attempts, oldest first. */
  attempts(rootId: string): Promise<readonly BuildRecord[]>;

  /** In the order of `position`, then `attempt`. */
  jobs(buildId: string): Promise<readonly JobRecord[]>;
  job(jobId: string): Promise<JobRecord>;
  /** In the order of job and number. */
  steps(buildId: string): Promise<readonly StepRecord[]>;
  stepsOfJob(jobId: string): Promise<readonly StepRecord[]>;
  step(stepId: string): Promise<StepRecord>;
  annotations(buildId: string): Promise<readonly AnnotationRecord[]>;
  warnings(buildId: string): Promise<readonly string[]>;

  /**
   * Builds that need a message: `pending` and `queued` ones last published before `publishedBefore`, or made before
   * `unpublishedBefore` (absent: the same) and never published; and lapsed `running` ones.
   */
  unowned(
    publishedBefore: number,
    limit: number,
    unpublishedBefore?: number,
  ): Promise<readonly UnownedBuild[]>;
  counts(): Promise<BuildCounts>;
}

export interface NewBuild {
  readonly id: string;
  readonly projectId: string;
  readonly pipelineId: string;
  readonly trigger: BuildTrigger;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly workflow: string;
  readonly title: string;
  readonly actor: string;
  readonly createdAt: number;
  /** The earlier attempt: the new build takes its root, number and run id, and the next attempt. */
  readonly rerunOf?: string;
}

export interface ClaimRequest {
  readonly owner: string;
  readonly leaseMs: number;
  /** Take this one if it may be taken now, else the fairest. Absent: the fairest. */
  readonly prefer?: string;
  /** Builds that may run at once: on the server, and per project where the project names no number itself. */
  readonly maxBuilds: number;
  readonly maxBuildsPerProject: number;
}

export interface ClaimedBuild {
  readonly build: BuildRecord;
  readonly lease: BuildLease;
  /** True: another worker ran it before; it is resumed from its facts. */
  readonly resumed: boolean;
  /** Workers that died with it, or could not prolong its lease; those that gave it back do not count. */
  readonly lostLeases: number;
}

export interface CancelWish {
  readonly buildId: string;
  readonly reason: string;
}

export interface UnownedBuild {
  readonly id: string;
  readonly projectId: string;
  readonly status: BuildStatus;
}

export interface BuildFilter {
  readonly projectId?: string;
  readonly pipelineId?: string;
  readonly status?: readonly BuildStatus[];
  /** Full ref. */
  readonly ref?: string;
  readonly trigger?: BuildTrigger;
  readonly sha?: string;
  /** True: only the newest attempt of each. */
  readonly latestAttempt?: boolean;
  /** Every attempt of a build has its number. */
  readonly number?: number;
}

export interface BuildCounts {
  readonly pending: number;
  readonly queued: number;
  readonly running: number;
  /** Of the oldest that waits, Unix milliseconds. */
  readonly oldestQueuedAt?: number;
}
