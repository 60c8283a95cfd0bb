import type {
  BuildAnnotationRow,
  BuildFactRow,
  BuildJobRow,
  BuildJobStepRow,
  BuildLogRow,
} from "../tables/build-tables.ts";
import { rowWriter } from "../write-rows.ts";

const JOB_CHANGES = [
  "name",
  "latest",
  "status",
  "result",
  "outcome",
  "outputs_json",
  "error",
  "reason",
  "infrastructure_failure",
  "environment",
  "environment_url",
  "executor",
  "executor_ref",
  "frame_seq",
  "waiting_at",
  "queued_at",
  "started_at",
  "finished_at",
] as const satisfies readonly (keyof BuildJobRow)[];

export const JOBS = rowWriter<BuildJobRow>("build_jobs", {
  columns: [
    "id",
    "build_id",
    "key",
    "job_id",
    "kind",
    "needs_json",
    "parent",
    "leg_of",
    "matrix_json",
    "position",
    "attempt",
    "carried_from",
    "created_at",
    ...JOB_CHANGES,
  ],
  key: ["id"],
  changes: JOB_CHANGES,
});

/** Not where the log is: that is `LogStore`'s to say, which asks for no lease. */
const STEP_CHANGES = [
  "name",
  "status",
  "outcome",
  "conclusion",
  "exit_code",
  "signal",
  "error",
  "summary",
  "waiting_at",
  "queued_at",
  "started_at",
  "finished_at",
  "duration_ms",
] as const satisfies readonly (keyof BuildJobStepRow)[];

export const STEPS = rowWriter<BuildJobStepRow>("build_job_steps", {
  columns: [
    "id",
    "build_id",
    "job_id",
    "number",
    "step_id",
    "stage",
    "type",
    "line",
    "parent",
    "background",
    "log_kept",
    "log_size_bytes",
    "log_sha256",
    ...STEP_CHANGES,
  ],
  key: ["id"],
  changes: STEP_CHANGES,
});

export const FACTS = rowWriter<BuildFactRow>("build_facts", {
  columns: ["build_id", "seq", "fact_json"],
  key: ["build_id", "seq"],
  changes: [],
});

export const ANNOTATIONS = rowWriter<BuildAnnotationRow>("build_annotations", {
  columns: [
    "id",
    "build_id",
    "job_id",
    "step",
    "level",
    "message",
    "title",
    "file",
    "line",
    "end_line",
    "column",
    "end_column",
    "created_at",
  ],
  key: ["id"],
  changes: [],
});

export const LOG_CHUNKS = rowWriter<BuildLogRow>("build_logs", {
  columns: ["ref_type", "ref_id", "chunk_seq", "end_byte", "content", "created_at"],
  key: ["ref_type", "ref_id", "chunk_seq"],
  changes: [],
});
