/** What the rest of the program needs of expressions, in one place. */
import type { TemplateValue } from "../template/template-value.ts";
import { isTruthy, toStringValue } from "./coerce.ts";
import { evaluateExpression } from "./evaluate-expression.ts";
import { evaluateTemplate } from "./evaluate-template.ts";
import type { Scope } from "./scope.ts";

export { isTruthy, toStringValue } from "./coerce.ts";
export { evaluateExpression } from "./evaluate-expression.ts";
export { evaluateTemplate } from "./evaluate-template.ts";
export { ExpressionError } from "./expression-error.ts";

/** `evaluateTemplate`, as GitHub turns the result into a string. Throws `ExpressionError`. */
export function evaluateString(value: TemplateValue, scope: Scope): string {
  return toStringValue(evaluateTemplate(value, scope));
}

/** An `if`: is the result truthy? Throws `ExpressionError`. */
export function evaluateCondition(source: string, scope: Scope): boolean {
  return isTruthy(evaluateExpression(source, scope));
}
