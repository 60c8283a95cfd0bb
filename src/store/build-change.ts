import type { ExecErrorCode } from "../errors.ts";
import type { Json } from "../json.ts";
import type { Status } from "../status.ts";
import type { BuildStatus } from "./build-record.ts";
import type { AnnotationRecord, JobRecord, StepRecord } from "./job-record.ts";

/**
 * One change to the records of a build that is being run. Every one may be applied twice: what is there already stays,
 * a state that is already reached is kept. A move that is not legal rejects the whole batch with `Conflict`.
 */
export type BuildChange =
  | { readonly kind: "fact"; readonly seq: number; readonly fact: Json }
  | ({ readonly kind: "build-moved"; readonly to: BuildStatus; readonly at: number } & BuildDetails)
  | {
      readonly kind: "build-described";
      readonly title?: string;
      readonly workflow?: string;
      readonly warning?: string;
    }
  | { readonly kind: "job-added"; readonly job: NewJob }
  /** `to` absent: only the details change. `job` is `JobRecord.id`. */
  | ({
      readonly kind: "job-changed";
      readonly job: string;
      readonly to?: Status;
      readonly at: number;
    } & JobDetails)
  | { readonly kind: "step-added"; readonly step: NewStep }
  | ({
      readonly kind: "step-changed";
      readonly step: string;
      readonly to?: Status;
      readonly at: number;
    } & StepDetails)
  | { readonly kind: "annotation-added"; readonly annotation: AnnotationRecord };

export interface BuildDetails {
  readonly error?: string;
  readonly errorCode?: ExecErrorCode;
}

export type NewJob = Pick<
  JobRecord,
  "id" | "buildId" | "key" | "jobId" | "name" | "kind" | "needs" | "position" | "attempt" | "createdAt"
> &
  Partial<Pick<JobRecord, "parent" | "legOf" | "matrix" | "status" | "carriedFrom" | "reason">>;

export type JobDetails = Partial<
  Pick<
    JobRecord,
    | "name"
    | "latest"
    | "result"
    | "outcome"
    | "outputs"
    | "error"
    | "reason"
    | "infrastructureFailure"
    | "environment"
    | "environmentUrl"
    | "executor"
    | "executorRef"
    | "frameSeq"
    | "queuedAt"
  >
>;

export type NewStep = Pick<
  StepRecord,
  "id" | "buildId" | "jobId" | "number" | "name" | "stage" | "type" | "background"
> &
  Partial<Pick<StepRecord, "stepId" | "line" | "parent" | "status">>;

export type StepDetails = Partial<
  Pick<
    StepRecord,
    "name" | "outcome" | "conclusion" | "exitCode" | "signal" | "error" | "summary" | "durationMs" | "log"
  >
>;
