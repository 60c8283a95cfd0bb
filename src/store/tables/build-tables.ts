import type { Generated } from "kysely";
import type { ExecErrorCode } from "../../errors.ts";
import type { Conclusion, Status } from "../../status.ts";
import type { BuildStatus, BuildTrigger } from "../build-record.ts";
import type { AnnotationRecord, JobRecord, LogState, StepRecord } from "../job-record.ts";

/** Builds, and what happens in them. */
export interface BuildTables {
  readonly builds: BuildRow;
  readonly build_snapshots: BuildSnapshotRow;
  readonly build_facts: BuildFactRow;
  readonly build_warnings: BuildWarningRow;
  readonly build_jobs: BuildJobRow;
  readonly build_job_steps: BuildJobStepRow;
  readonly build_annotations: BuildAnnotationRow;
  readonly build_logs: BuildLogRow;
}

export interface BuildRow {
  /** Counted over the server, in the order they were made: the order of lists, and the run id of a first attempt. */
  seq: Generated<number>;
  id: string;
  project_id: string;
  pipeline_id: string;
  number: number;
  /** Of a re-run: `seq` of the first attempt. */
  root_seq: number | null;
  root_id: string;
  attempt: number;
  /** On a first attempt: how many there are. */
  attempts: number;
  /** 1 on the newest attempt. */
  latest: number;
  status: BuildStatus;
  trigger: BuildTrigger;
  event: string;
  ref: string;
  sha: string;
  workflow: string;
  title: string;
  actor: string;
  error: string | null;
  error_code: ExecErrorCode | null;
  cancel_reason: string | null;
  created_at: number;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  version: number;
  /** Grows with every claim and with all that ends one. */
  fence: number;
  /** Who runs it. */
  owner: string | null;
  lease_until: number | null;
  lost_leases: Generated<number>;
  /** When a message about it was last published. */
  published_at: number | null;
}

export interface BuildSnapshotRow {
  build_seq: number;
  file: string;
  content: string;
  github_json: string;
  inputs_json: string;
  vars_json: string;
  carried_json: string | null;
  only_jobs_json: string | null;
}

export interface BuildFactRow {
  build_id: string;
  seq: number;
  fact_json: string;
}

export interface BuildWarningRow {
  build_id: string;
  /** SHA-256 of the message, in hex. */
  digest: string;
  position: number;
  message: string;
}

export interface BuildJobRow {
  id: string;
  build_id: string;
  key: string;
  job_id: string;
  name: string;
  kind: JobRecord["kind"];
  needs_json: string;
  parent: string | null;
  leg_of: string | null;
  matrix_json: string | null;
  position: number;
  attempt: number;
  latest: number;
  status: Status;
  result: Conclusion | null;
  outcome: Conclusion | null;
  outputs_json: string;
  error: string | null;
  reason: string | null;
  infrastructure_failure: number;
  environment: string | null;
  environment_url: string | null;
  executor: string | null;
  executor_ref: string | null;
  frame_seq: number;
  carried_from: string | null;
  created_at: number;
  waiting_at: number | null;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number | null;
}

export interface BuildJobStepRow {
  id: string;
  build_id: string;
  job_id: string;
  number: number;
  step_id: string | null;
  name: string;
  stage: StepRecord["stage"];
  type: string;
  status: Status;
  outcome: Conclusion | null;
  conclusion: Conclusion | null;
  exit_code: number | null;
  signal: string | null;
  error: string | null;
  line: number | null;
  parent: number | null;
  background: number;
  summary: string | null;
  waiting_at: number | null;
  queued_at: number | null;
  started_at: number | null;
  finished_at: number | null;
  duration_ms: number | null;
  log_kept: LogState["kept"];
  log_size_bytes: number;
  log_sha256: string | null;
}

export interface BuildAnnotationRow {
  id: string;
  build_id: string;
  job_id: string;
  step: number;
  level: AnnotationRecord["level"];
  message: string;
  title: string | null;
  file: string | null;
  line: number | null;
  end_line: number | null;
  column: number | null;
  end_column: number | null;
  created_at: number;
}

export interface BuildLogRow {
  ref_type: "step";
  ref_id: string;
  chunk_seq: number;
  /** The byte of the log after the chunk's last. */
  end_byte: number;
  content: Uint8Array;
  created_at: number;
}
