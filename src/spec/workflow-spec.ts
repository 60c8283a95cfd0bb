/**
 * What every pipeline file becomes, whichever syntax it was written in. Plain JSON: it is stored as part of a
 * build's snapshot and read again by another process. Nothing after `spec/` knows which file a build came from.
 */
import type { SourcePosition, TemplateMapping, TemplateValue } from "./template/template-value.ts";

export interface WorkflowSpec {
  readonly file: string;
  readonly format: "workflow" | "platform";
  readonly name?: string;
  readonly description?: string;
  readonly runName?: TemplateValue;
  readonly on: readonly TriggerSpec[];
  readonly env?: TemplateValue;
  readonly defaults?: RunDefaultsSpec;
  readonly permissions?: PermissionsSpec;
  /** A string (the group) or a mapping `group`, `cancel-in-progress`, `queue`. */
  readonly concurrency?: TemplateValue;
  /** In the order of the file. Ids are unique without regard to case. */
  readonly jobs: readonly JobSpec[];
  /** `.platform.yaml` only: files kept when the pipeline has ended. */
  readonly artifacts: readonly ArtifactSpec[];
  /** `.platform.yaml` only: all jobs of a build work in one workspace. Absent: each has its own. */
  readonly workspace?: "shared";
}

/** One event under `on`, filters as written (patterns in order, `!` kept). */
export interface TriggerSpec {
  /** GitHub's event name (`push`, `pull_request`, …); `.platform.yaml`'s `mr` is `mr`. */
  readonly event: string;
  readonly types?: readonly string[];
  readonly branches?: readonly string[];
  readonly branchesIgnore?: readonly string[];
  readonly tags?: readonly string[];
  readonly tagsIgnore?: readonly string[];
  readonly paths?: readonly string[];
  readonly pathsIgnore?: readonly string[];
  /** `workflow_run` only. */
  readonly workflows?: readonly string[];
  /** `image_version` only. */
  readonly names?: readonly string[];
  readonly versions?: readonly string[];
  /** `schedule` only. */
  readonly schedules?: readonly ScheduleSpec[];
  /** `workflow_dispatch` and `workflow_call`. */
  readonly inputs?: readonly InputSpec[];
  /** `workflow_call` only. */
  readonly secrets?: readonly SecretSpec[];
  /** `workflow_call` only. */
  readonly outputs?: readonly OutputSpec[];
  readonly at: SourcePosition;
}

export interface ScheduleSpec {
  readonly cron: string;
  /** IANA name; UTC where absent. */
  readonly timezone?: string;
}

export type InputType = "string" | "boolean" | "number" | "choice" | "environment";

export interface InputSpec {
  readonly name: string;
  readonly type: InputType;
  readonly description?: string;
  readonly required: boolean;
  readonly default?: TemplateValue;
  readonly options?: readonly string[];
}

export interface SecretSpec {
  readonly name: string;
  readonly description?: string;
  readonly required: boolean;
}

export interface OutputSpec {
  readonly name: string;
  readonly description?: string;
  readonly value: TemplateValue;
}

export interface RunDefaultsSpec {
  readonly shell?: TemplateValue;
  readonly workingDirectory?: TemplateValue;
}

/** `read-all`, `write-all`, or levels by scope; an absent scope of a mapping is `none`. */
export type PermissionsSpec =
  | "read-all"
  | "write-all"
  | { readonly [scope: string]: "read" | "write" | "none" };

export interface ArtifactSpec {
  readonly name: string;
  readonly path: string;
  /** Seconds to keep it; absent: for ever. */
  readonly expiresSeconds?: number;
}

export type JobSpec = StepsJobSpec | CallJobSpec;

interface JobSpecBase {
  readonly id: string;
  readonly name?: TemplateValue;
  readonly needs: readonly string[];
  /** The condition's expression source, without `${{ }}`; absent means `success()`. */
  readonly if?: ConditionSpec;
  readonly strategy?: StrategySpec;
  readonly concurrency?: TemplateValue;
  readonly permissions?: PermissionsSpec;
  readonly at: SourcePosition;
}

/**
 * An `if`. Where the file's condition calls none of `success()`, `failure()`, `cancelled()`, `always()`, the source
 * here is already `success() && (…)`.
 */
export interface ConditionSpec {
  readonly source: string;
  readonly at: SourcePosition;
}

export interface StrategySpec {
  /** A mapping (vectors, `include`, `exclude`) or an expression that gives one. */
  readonly matrix?: TemplateValue;
  readonly failFast?: TemplateValue;
  readonly maxParallel?: TemplateValue;
}

export interface StepsJobSpec extends JobSpecBase {
  readonly kind: "steps";
  /** A label, labels, or a mapping `group`, `labels`. */
  readonly runsOn: TemplateValue;
  readonly env?: TemplateValue;
  readonly defaults?: RunDefaultsSpec;
  readonly timeoutMinutes?: TemplateValue;
  readonly cancelTimeoutMinutes?: TemplateValue;
  readonly continueOnError?: TemplateValue;
  /** A string (the name) or a mapping `name`, `url`, `deployment`. */
  readonly environment?: TemplateValue;
  /** An image, or a mapping `image`, `env`, `ports`, `volumes`, `options`, `credentials`. */
  readonly container?: TemplateValue;
  /** A mapping of service id to container, which may also have `entrypoint` and `command`. */
  readonly services?: TemplateValue;
  readonly outputs?: TemplateMapping;
  readonly snapshot?: TemplateValue;
  readonly steps: readonly StepSpec[];
  /**
   * `.platform.yaml` only: the image is a wish, not a demand (a host runs the commands with a warning).
   * Absent for workflows, whose `container` is a demand. Its expressions read `github`, `vars` and `secrets`.
   */
  readonly preferredImage?: TemplateValue;
  /**
   * `.platform.yaml` only: what to look for in the workspace when the job has ended, whatever its result, before the
   * workspace goes. Every job of the pipeline has the same list, `WorkflowSpec.artifacts`; of an artifact that
   * several jobs have files for, the one of the last of these jobs in the order of `jobs` is kept.
   */
  readonly collect?: readonly ArtifactSpec[];
}

/** A job that calls a reusable workflow. */
export interface CallJobSpec extends JobSpecBase {
  readonly kind: "call";
  /** `./.github/workflows/x.yml` or `owner/repo/path@ref`. */
  readonly uses: string;
  readonly with?: TemplateMapping;
  readonly secrets?: "inherit" | TemplateMapping;
}

export type StepSpec =
  | RunStepSpec
  | UsesStepSpec
  | WaitStepSpec
  | WaitAllStepSpec
  | CancelStepSpec
  | ParallelStepSpec;

interface StepSpecBase {
  /** As written; absent where the file names none. */
  readonly id?: string;
  readonly name?: TemplateValue;
  readonly continueOnError?: TemplateValue;
  readonly at: SourcePosition;
}

interface ExecutionStepSpecBase extends StepSpecBase {
  /** Absent means `success()`. */
  readonly if?: ConditionSpec;
  readonly env?: TemplateValue;
  readonly timeoutMinutes?: TemplateValue;
  /** Runs beside the following steps until a `wait`, `wait-all`, `cancel` or the end of the job. */
  readonly background: boolean;
}

export interface RunStepSpec extends ExecutionStepSpecBase {
  readonly kind: "run";
  readonly run: TemplateValue;
  /** What the log shows at the head of the step, where the script was made from it (`.platform.yaml`); else the script. */
  readonly shown?: string;
  readonly shell?: TemplateValue;
  readonly workingDirectory?: TemplateValue;
}

export interface UsesStepSpec extends ExecutionStepSpecBase {
  readonly kind: "uses";
  readonly uses: string;
  readonly with?: TemplateMapping;
}

export interface WaitStepSpec extends StepSpecBase {
  readonly kind: "wait";
  /** Ids of background steps. */
  readonly wait: readonly string[];
}

export interface WaitAllStepSpec extends StepSpecBase {
  readonly kind: "wait-all";
}

export interface CancelStepSpec extends StepSpecBase {
  readonly kind: "cancel";
  readonly cancel: string;
}

export interface ParallelStepSpec extends StepSpecBase {
  readonly kind: "parallel";
  readonly steps: readonly StepSpec[];
}
