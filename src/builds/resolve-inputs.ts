import type { JsonObject } from "../json.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";

export interface ResolvedInputs {
  /** The `inputs` context: booleans are booleans, numbers numbers. */
  readonly inputs: JsonObject;
  /** `github.event.inputs`: everything a string. */
  readonly eventInputs: { readonly [name: string]: string };
  /** All mistakes at once, one text each; empty where there are none. */
  readonly problems: readonly string[];
}

/** Checks what was given for `workflow_dispatch` inputs, converts it, and fills in the defaults. */
export function resolveInputs(
  _spec: WorkflowSpec,
  _given: { readonly [name: string]: string },
): ResolvedInputs {
  return { inputs: {}, eventInputs: {}, problems: [] };
}
