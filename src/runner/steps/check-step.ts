import type { ConditionSpec } from "../../spec/workflow-spec.ts";
import { evaluateIf } from "../scope/evaluate-located.ts";
import type { StepExecution } from "./step-execution.ts";

/** `broken`: it cannot be told, since an expression in `env` or `if` fails. */
export type Check = { readonly kind: "run" | "skip" } | { readonly kind: "broken"; readonly error: unknown };

/** Evaluates the step's `env`, then its condition. Pre and post have a condition of their own. */
export function checkStep(step: StepExecution, condition: ConditionSpec | undefined): Check {
  try {
    const { env } = step.place.unit.spec;
    if (env !== undefined) step.setOverrides(step.evaluateTexts(env));
    const runs = evaluateIf(condition, step.scope, step.file);
    return { kind: runs ? "run" : "skip" };
  } catch (error) {
    return { kind: "broken", error };
  }
}

/**
 * When the job is cancelled while the step runs, its condition is asked again: what runs under `always()` or
 * `cancelled()` runs on, anything else is interrupted. Returns what ends this.
 */
export function interruptOnCancel(step: StepExecution, condition: ConditionSpec | undefined): () => void {
  return step.job.tools.cancellation.onCancel(() => {
    let holds = false;
    try {
      holds = evaluateIf(condition, step.scope, step.file);
    } catch {
      // It could be evaluated before; whatever changed, a cancelled step may go.
    }
    if (!holds) step.interrupt("cancelled");
  });
}
