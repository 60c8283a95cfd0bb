import { evaluateString } from "../../spec/expressions/evaluate.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type { TemplateValue } from "../../spec/template/template-value.ts";
import type { StepSpec } from "../../spec/workflow-spec.ts";
import { templateText } from "./template-text.ts";

/**
 * A step's name for people, as far as `scope` can tell: its `name`, else `Run` and what it runs; the first line of it.
 * Where an expression asks for what is not known yet, the name is shown as it was written. Not masked.
 */
export function displayName(step: StepSpec, scope: Scope): string {
  if (step.name !== undefined && step.name !== null) return firstLine(text(step.name, scope)) || "run";
  switch (step.kind) {
    case "run":
      return `Run ${firstLine(text(step.run, scope))}`;
    case "uses":
      return `Run ${step.uses}`;
    case "wait":
      return "Wait";
    case "wait-all":
      return "Wait for all";
    case "cancel":
      return "Cancel";
    case "parallel":
      return "Parallel";
  }
}

/** Of a script, as it stands in a step's name and at the head of its log. */
export function firstLine(script: string): string {
  return script.trimStart().split(/[\r\n]/, 1)[0] ?? "";
}

function text(value: TemplateValue, scope: Scope): string {
  if (typeof value === "string") return value;
  try {
    return evaluateString(value, scope);
  } catch {
    return templateText(value);
  }
}
