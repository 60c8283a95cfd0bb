/** Every enum of the wire and the words it stands for. */
import type { ExecErrorCode } from "../../../errors.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { Conclusion as ConclusionWord, Status } from "../../../status.ts";
import type { ApprovalRecord } from "../../../store/approval-store.ts";
import type { BuildStatus as BuildWord, BuildTrigger as TriggerWord } from "../../../store/build-record.ts";
import type { AnnotationRecord, JobRecord, LogState, StepRecord } from "../../../store/job-record.ts";
import {
  AnnotationLevel,
  ApprovalState,
  BuildTrigger,
  JobKind,
  LogKeeping,
  StepStage,
} from "../gen/ci/v1/build_pb.ts";
import { ErrorCode } from "../gen/ci/v1/error_pb.ts";
import { Caller_Kind } from "../gen/ci/v1/pipeline_pb.ts";
import { BuildStatus, Conclusion, JobStatus, StepStatus } from "../gen/ci/v1/status_pb.ts";
import { enumTable } from "./enum-table.ts";

export const BUILD_STATUS = enumTable<BuildWord, BuildStatus>("build status", {
  pending: BuildStatus.PENDING,
  queued: BuildStatus.QUEUED,
  running: BuildStatus.RUNNING,
  succeeded: BuildStatus.SUCCEEDED,
  failed: BuildStatus.FAILED,
  cancelled: BuildStatus.CANCELLED,
});

export const JOB_STATUS = enumTable<Status, JobStatus>("job status", {
  pending: JobStatus.PENDING,
  queued: JobStatus.QUEUED,
  waiting: JobStatus.WAITING,
  running: JobStatus.RUNNING,
  succeeded: JobStatus.SUCCEEDED,
  failed: JobStatus.FAILED,
  cancelled: JobStatus.CANCELLED,
  skipped: JobStatus.SKIPPED,
});

export const STEP_STATUS = enumTable<Status, StepStatus>("step status", {
  pending: StepStatus.PENDING,
  queued: StepStatus.QUEUED,
  waiting: StepStatus.WAITING,
  running: StepStatus.RUNNING,
  succeeded: StepStatus.SUCCEEDED,
  failed: StepStatus.FAILED,
  cancelled: StepStatus.CANCELLED,
  skipped: StepStatus.SKIPPED,
});

export const CONCLUSION = enumTable<ConclusionWord, Conclusion>("conclusion", {
  success: Conclusion.SUCCESS,
  failure: Conclusion.FAILURE,
  cancelled: Conclusion.CANCELLED,
  skipped: Conclusion.SKIPPED,
});

export const BUILD_TRIGGER = enumTable<TriggerWord, BuildTrigger>("build trigger", {
  api: BuildTrigger.API,
  push: BuildTrigger.PUSH,
  pull_request: BuildTrigger.PULL_REQUEST,
  schedule: BuildTrigger.SCHEDULE,
  webhook: BuildTrigger.WEBHOOK,
  rerun: BuildTrigger.RERUN,
});

export const JOB_KIND = enumTable<JobRecord["kind"], JobKind>("job kind", {
  job: JobKind.JOB,
  group: JobKind.GROUP,
});

export const STEP_STAGE = enumTable<StepRecord["stage"], StepStage>("step stage", {
  job: StepStage.JOB,
  setup: StepStage.SETUP,
  pre: StepStage.PRE,
  main: StepStage.MAIN,
  post: StepStage.POST,
  complete: StepStage.COMPLETE,
});

export const LOG_KEEPING = enumTable<LogState["kept"], LogKeeping>("place of a log", {
  rows: LogKeeping.ROWS,
  blob: LogKeeping.BLOB,
  expired: LogKeeping.EXPIRED,
});

export const APPROVAL_STATE = enumTable<ApprovalRecord["state"], ApprovalState>("state of an approval", {
  waiting: ApprovalState.WAITING,
  approved: ApprovalState.APPROVED,
  rejected: ApprovalState.REJECTED,
  expired: ApprovalState.EXPIRED,
});

export const ANNOTATION_LEVEL = enumTable<AnnotationRecord["level"], AnnotationLevel>(
  "level of an annotation",
  {
    notice: AnnotationLevel.NOTICE,
    warning: AnnotationLevel.WARNING,
    error: AnnotationLevel.ERROR,
  },
);

export const ERROR_CODE = enumTable<ExecErrorCode, ErrorCode>("error code", {
  InvalidSpec: ErrorCode.INVALID_SPEC,
  NotFound: ErrorCode.NOT_FOUND,
  Conflict: ErrorCode.CONFLICT,
  Transient: ErrorCode.TRANSIENT,
  Timeout: ErrorCode.TIMEOUT,
  Cancelled: ErrorCode.CANCELLED,
  Permanent: ErrorCode.PERMANENT,
  Unauthorized: ErrorCode.UNAUTHORIZED,
  Forbidden: ErrorCode.FORBIDDEN,
  QuotaExceeded: ErrorCode.QUOTA_EXCEEDED,
});

export const CALLER_KIND = enumTable<Principal["kind"], Caller_Kind>("kind of caller", {
  token: Caller_Kind.TOKEN,
  service: Caller_Kind.SERVICE,
  system: Caller_Kind.SYSTEM,
});
