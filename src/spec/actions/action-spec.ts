/** An `action.yml`, as plain JSON. */
import type { TemplateMapping, TemplateValue } from "../template/template-value.ts";
import type { ConditionSpec, StepSpec } from "../workflow-spec.ts";

export interface ActionSpec {
  readonly name?: string;
  readonly description?: string;
  readonly inputs: readonly ActionInputSpec[];
  /** `value` is given for composite actions only. */
  readonly outputs: readonly ActionOutputSpec[];
  readonly runs: ActionRunsSpec;
}

export interface ActionInputSpec {
  readonly name: string;
  readonly required: boolean;
  readonly default?: TemplateValue;
  readonly deprecationMessage?: string;
}

export interface ActionOutputSpec {
  readonly name: string;
  readonly value?: TemplateValue;
}

export type ActionRunsSpec =
  | {
      readonly using: "node12" | "node16" | "node20" | "node24";
      /** Paths relative to the action's folder. */
      readonly main: string;
      readonly pre?: string;
      /** Absent means `always()`. */
      readonly preIf?: ConditionSpec;
      readonly post?: string;
      readonly postIf?: ConditionSpec;
    }
  | {
      readonly using: "docker";
      /** `Dockerfile`, another path, or `docker://image`. */
      readonly image: string;
      readonly entrypoint?: string;
      readonly preEntrypoint?: string;
      readonly preIf?: ConditionSpec;
      readonly postEntrypoint?: string;
      readonly postIf?: ConditionSpec;
      readonly args?: readonly TemplateValue[];
      readonly env?: TemplateMapping;
    }
  | { readonly using: "composite"; readonly steps: readonly StepSpec[] };
