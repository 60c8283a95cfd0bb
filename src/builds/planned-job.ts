/** A job that is ready to be placed: everything about it that is settled before it starts. */
import type { Json, JsonObject } from "../json.ts";
import type { TemplateValue } from "../spec/template/template-value.ts";
import type { PermissionsSpec, StepsJobSpec } from "../spec/workflow-spec.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

export interface PlannedJob {
  /** Unique in the build: `test`, `test[1]`, `release/deploy`. */
  readonly key: string;
  readonly name: string;
  /** The name it was added with, before all of it was known. */
  readonly addedAs: string;
  readonly spec: StepsJobSpec;
  readonly workflow: WorkflowScope;
  readonly needs: JsonObject;
  readonly strategy: JsonObject;
  readonly matrix: Json;
  readonly settings: JobSettings;
}

/** The keys of a job that are evaluated before it is placed. */
export interface JobSettings {
  readonly labels: readonly string[];
  readonly group: string | undefined;
  /** Absent where the job names no container, or an empty image. */
  readonly container: string | undefined;
  /** The image a `.platform.yaml` step wishes for, as people may see it: secrets in it are `***`. */
  readonly preferredImage: string | undefined;
  /** Ids of services whose image is not empty. */
  readonly services: readonly string[];
  readonly environment: string | undefined;
  /** Evaluated by the runner. */
  readonly environmentUrl: TemplateValue | undefined;
  /** 0: no limit. */
  readonly timeoutMs: number;
  readonly cancelTimeoutMs: number;
  readonly continueOnError: boolean;
  readonly permissions: PermissionsSpec | undefined;
}
