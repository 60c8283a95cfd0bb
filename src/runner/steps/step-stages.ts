import type { ConditionSpec } from "../../spec/workflow-spec.ts";
import type { ActionStage } from "../actions/javascript-action.ts";
import { innerOf, type StepUnit } from "./step-unit.ts";

const ALWAYS = { source: "always()", at: { line: 1, column: 1 } } satisfies ConditionSpec;

/** The steps of a composite action that have something to do in a stage, in the order they do it. */
export function stageUnits(unit: StepUnit, stage: ActionStage): readonly StepUnit[] {
  const { units } = innerOf(unit);
  switch (stage) {
    case "pre":
      return units.filter(hasPre);
    case "main":
      return units;
    case "post":
      return units.filter(({ hasPost }) => hasPost).toReversed();
  }
}

/** As far as it is resolved by now. Local actions have none, as on GitHub: they are not there when the job starts. */
export function hasPre(unit: StepUnit): boolean {
  const { action } = unit;
  if (action?.kind !== "action" || action.local) return false;
  const { runs } = action.spec;
  if (runs.using === "composite") return innerOf(unit).units.some(hasPre);
  return runs.using === "docker" ? Boolean(runs.preEntrypoint) : runs.pre !== undefined;
}

/** Main: the step's own `if`. Pre and post: the action's `pre-if` and `post-if`, else always. */
export function stageCondition(unit: StepUnit, stage: ActionStage): ConditionSpec | undefined {
  if (stage === "main") return unit.spec.if;
  const runs = unit.action?.kind === "action" ? unit.action.spec.runs : undefined;
  if (runs === undefined || runs.using === "composite") return ALWAYS;
  return (stage === "pre" ? runs.preIf : runs.postIf) ?? ALWAYS;
}
