import type { JsonObject } from "../../json.ts";
import type { ApprovalRecord } from "../../store/approval-store.ts";
import type { BuildRecord, BuildTrigger } from "../../store/build-record.ts";
import type { BuildFilter } from "../../store/build-store.ts";
import type { AnnotationRecord, JobRecord, StepRecord } from "../../store/job-record.ts";
import type { Page, PageRequest } from "../../store/page.ts";

/**
 * Builds, for whoever starts and watches them: the ExecutorService of `proto/ci/v1/executor.proto`. Called in memory or
 * over gRPC, with the same errors. Who may call what is the caller's to check (`requirePermission`).
 */
export interface ExecutorService {
  /**
   * Snapshot and `pending`, then published, then `queued`. The same `id` again gives the build that is there. A queue
   * that is away is no failure: the answer is a `pending` build, which the sweeper publishes when it can.
   */
  createBuild(request: CreateBuildRequest): Promise<BuildRecord>;
  getBuild(buildId: string): Promise<BuildView>;
  listBuilds(filter: BuildFilter, page: PageRequest): Promise<Page<BuildRecord>>;
  /** The build as it is, then anew whenever it changed, until it has ended. */
  watchBuild(buildId: string, signal: AbortSignal): AsyncIterable<BuildView>;
  /** See `LogSink.stream`. */
  streamLogs(request: StreamLogsRequest, signal: AbortSignal): AsyncIterable<LogPiece>;
  /** From any state; idempotent. */
  cancelBuild(buildId: string, reason: string): Promise<BuildRecord>;
  /** A new attempt, from the newest whichever is named. Rejects with `Conflict` while an attempt of the build runs, `InvalidSpec` for an unknown job. */
  rerunBuild(request: RerunRequest): Promise<BuildRecord>;
  /** Decides for the jobs that wait (all that `by` may decide, or those of `environment`). `NotFound` where none waits, `Forbidden` where `by` is no reviewer. */
  decide(request: DecideRequest): Promise<readonly ApprovalRecord[]>;
}

export interface CreateBuildRequest {
  readonly id: string;
  readonly projectId: string;
  readonly pipelineId: string;
  readonly trigger: BuildTrigger;
  readonly actor: string;
  readonly event: string;
  readonly ref: string;
  readonly sha: string;
  readonly file: string;
  readonly content: string;
  /** The workflow's name as far as known before it is planned. */
  readonly workflow: string;
  readonly title: string;
  /** Without run id, number and attempt, which the service adds. */
  readonly github: JsonObject;
  readonly inputs: JsonObject;
  readonly vars: { readonly [name: string]: string };
  readonly onlyJobs?: readonly string[];
}

/** A build with everything about it but logs. */
export interface BuildView {
  readonly build: BuildRecord;
  readonly jobs: readonly JobRecord[];
  readonly steps: readonly StepRecord[];
  readonly approvals: readonly ApprovalRecord[];
  readonly annotations: readonly AnnotationRecord[];
  /** Of the build as a whole; for people. */
  readonly warnings: readonly string[];
}

export interface StreamLogsRequest {
  readonly stepId: string;
  readonly offset?: number;
  readonly end?: number;
  readonly follow: boolean;
}

export interface LogPiece {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly at: number;
}

export interface RerunRequest {
  readonly buildId: string;
  readonly actor: string;
  /** `job`: that one and those that need it. */
  readonly what: { readonly kind: "all" | "failed" } | { readonly kind: "job"; readonly key: string };
  /** With debug logs, this attempt alone: as if the variables `ACTIONS_STEP_DEBUG` and `ACTIONS_RUNNER_DEBUG` were true. */
  readonly debug?: boolean;
}

export interface DecideRequest {
  readonly buildId: string;
  readonly by: string;
  /** True for an admin: reviewers' lists do not bind. */
  readonly override: boolean;
  readonly environment?: string;
  readonly approve: boolean;
  readonly comment?: string;
}
