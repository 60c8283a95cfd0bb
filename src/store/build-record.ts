import type { ExecErrorCode } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Status } from "../status.ts";

export type BuildStatus = Exclude<Status, "skipped" | "waiting">;

/** What asked for a build. */
export type BuildTrigger = "api" | "push" | "pull_request" | "schedule" | "webhook" | "rerun";

/**
 * One attempt at a build. A re-run is a new record with the same `rootId`, `number` and `runId` and the next `attempt`;
 * the old one stays as it was.
 */
export interface BuildRecord {
  readonly id: string;
  readonly projectId: string;
  readonly pipelineId: string;
  /** Counted from 1 within the project: `github.run_number`. */
  readonly number: number;
  /** Unique on the server: `github.run_id`. */
  readonly runId: number;
  /** Counted from 1: `github.run_attempt`. */
  readonly attempt: number;
  /** The first attempt's id; its own for a first attempt. Artifacts belong to this one. */
  readonly rootId: string;
  readonly status: BuildStatus;
  readonly trigger: BuildTrigger;
  /** `github.event_name`. */
  readonly event: string;
  /** `refs/heads/main`. */
  readonly ref: string;
  readonly sha: string;
  /** The workflow's name, and `run-name` once it is known. */
  readonly workflow: string;
  readonly title: string;
  /** Who asked for it: the name of a token, `schedule`, … */
  readonly actor: string;
  readonly error?: string;
  readonly errorCode?: ExecErrorCode;
  readonly cancelReason?: string;
  readonly createdAt: number;
  readonly queuedAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  /** Grows by one with every change of the build, its jobs and its steps that a watcher should see. */
  readonly version: number;
}

/** All that a build runs from, written once with it. Holds no secret. */
export interface BuildSnapshot {
  readonly buildId: string;
  readonly file: string;
  /** The pipeline file as it was at the commit. */
  readonly content: string;
  /** `github` as `BuildOptions.github` wants it. */
  readonly github: JsonObject;
  /** As given with the request; typed by the pipeline's declarations when the build is planned. */
  readonly inputs: JsonObject;
  readonly vars: { readonly [name: string]: string };
  /** For a re-run: what is not run again. */
  readonly carried?: readonly CarriedJob[];
  /** Only these jobs and what they need; absent: all. */
  readonly onlyJobs?: readonly string[];
}

/** A job of an earlier attempt whose end stands. */
export interface CarriedJob {
  /** As in `JobRecord.key`. */
  readonly key: string;
  /** The record of the attempt that really ran: its steps and logs. */
  readonly jobId: string;
  readonly outcome: "success" | "failure" | "cancelled" | "skipped";
  readonly outputs: { readonly [name: string]: string };
}

/** A worker's right to advance a build. Every change it makes is conditional on it. */
export interface BuildLease {
  readonly buildId: string;
  /** Grows with each claim: whoever holds an older one has lost the build. */
  readonly fence: number;
}

/** One thing that happened in a build, from which its machine is rebuilt. `fact` is plain JSON, versioned by its writer. */
export interface FactRecord {
  /** Counted from 1 within the build. */
  readonly seq: number;
  readonly fact: Json;
}
