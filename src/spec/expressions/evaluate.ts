import type { Json } from "../../json.ts";
import type { TemplateValue } from "../template/template-value.ts";
import type { Scope } from "./scope.ts";

/** Evaluates what stands between `${{` and `}}`. Throws `ExpressionError`. */
export function evaluateExpression(source: string, _scope: Scope): Json {
  throw new Error(`cannot evaluate ${source}`);
}

/** Evaluates every expression inside a value. Throws `ExpressionError`. */
export function evaluateTemplate(_value: TemplateValue, _scope: Scope): Json {
  throw new Error("cannot evaluate");
}

/** `evaluateTemplate`, as GitHub turns the result into a string. */
export function evaluateString(value: TemplateValue, scope: Scope): string {
  return toStringValue(evaluateTemplate(value, scope));
}

/** An `if`: is the result truthy? */
export function evaluateCondition(source: string, scope: Scope): boolean {
  return isTruthy(evaluateExpression(source, scope));
}

/** GitHub's coercion to a string: null is empty, a mapping is `Object`, a sequence `Array`. */
export function toStringValue(value: Json): string {
  return String(value);
}

/** False are null, false, 0, NaN and the empty string. */
export function isTruthy(value: Json): boolean {
  return Boolean(value);
}
