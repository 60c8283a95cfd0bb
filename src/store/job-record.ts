import type { Json } from "../json.ts";
import type { Conclusion, Status } from "../status.ts";

/** One attempt at a job of a build. A retry after an infrastructure failure is a new record with the same `key`. */
export interface JobRecord {
  readonly id: string;
  readonly buildId: string;
  /** Unique in the build together with `attempt`: `test[1]`, `release/deploy`. */
  readonly key: string;
  /** Its id in the file. */
  readonly jobId: string;
  readonly name: string;
  /** `group`: it only stands for its legs or for the jobs of the workflow it calls. */
  readonly kind: "job" | "group";
  /** Keys of the jobs it waits for. */
  readonly needs: readonly string[];
  /** Key of the calling job. */
  readonly parent?: string;
  /** Key of the job it is a leg of. */
  readonly legOf?: string;
  readonly matrix?: Json;
  /** Place in the order they were added, counted from 1. */
  readonly position: number;
  /** Counted from 1. */
  readonly attempt: number;
  /** True but for an attempt that was lost and retried. */
  readonly latest: boolean;
  readonly status: Status;
  /** After and before `continue-on-error`. */
  readonly result?: Conclusion;
  readonly outcome?: Conclusion;
  readonly outputs: { readonly [name: string]: string };
  readonly error?: string;
  /** Why it waits, or was skipped or cancelled; for a person. */
  readonly reason?: string;
  /** True: its place was lost, or could not be had; not the user's doing. */
  readonly infrastructureFailure: boolean;
  readonly environment?: string;
  readonly environmentUrl?: string;
  /** Name of the executor, and what it needs to find the runner again. */
  readonly executor?: string;
  readonly executorRef?: string;
  /** The last frame whose effects are all in the records and logs; 0 for none. */
  readonly frameSeq: number;
  /** For a re-run: the record whose steps and logs are this job's. */
  readonly carriedFrom?: string;
  readonly createdAt: number;
  readonly queuedAt?: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

export interface StepRecord {
  readonly id: string;
  readonly buildId: string;
  /** `JobRecord.id`. */
  readonly jobId: string;
  /** Counted from 1 in the order they were added: `step` of the frames. 0 is the job's own log, outside any step. */
  readonly number: number;
  /** Its id in the file. */
  readonly stepId?: string;
  readonly name: string;
  readonly stage: "job" | "setup" | "pre" | "main" | "post" | "complete";
  /** `run`, or the action as written. */
  readonly type: string;
  readonly status: Status;
  readonly outcome?: Conclusion;
  readonly conclusion?: Conclusion;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly error?: string;
  readonly line?: number;
  readonly parent?: number;
  readonly background: boolean;
  readonly summary?: string;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly durationMs?: number;
  readonly log: LogState;
}

/** Where the log of a step is. */
export interface LogState {
  /** `rows`: it may still grow. `blob`: whole, under `logs/pipelines/{build}/{step}.log`. `expired`: it is gone. */
  readonly kept: "rows" | "blob" | "expired";
  /** What a reader gets, in bytes; grows while `rows`. */
  readonly sizeBytes: number;
  readonly sha256?: string;
}

export interface AnnotationRecord {
  readonly id: string;
  readonly buildId: string;
  readonly jobId: string;
  /** Of the step. */
  readonly step: number;
  readonly level: "notice" | "warning" | "error";
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
  readonly createdAt: number;
}
