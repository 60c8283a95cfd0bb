/** What all jobs of one workflow, the top one or a called one, see alike. */
import type { JsonObject } from "../json.ts";
import type { PermissionsSpec, WorkflowSpec } from "../spec/workflow-spec.ts";
import type { WorkflowOrigin } from "./load-workflow.ts";

export interface WorkflowScope {
  readonly spec: WorkflowSpec;
  readonly origin: WorkflowOrigin;
  /** Of the build: a called workflow sees its caller's. */
  readonly github: JsonObject;
  readonly vars: JsonObject;
  readonly inputs: JsonObject;
  readonly secrets: JsonObject;
  /** What its jobs have where they name none themselves. Undefined: nothing was said, up to the top. */
  readonly permissions: PermissionsSpec | undefined;
  /** 1 for the top workflow. */
  readonly depth: number;
}
