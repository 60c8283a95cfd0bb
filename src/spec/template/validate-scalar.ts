import type { DiagnosticList } from "../diagnostic-list.ts";
import { toStringValue } from "../expressions/coerce.ts";
import { suggest } from "../suggest.ts";
import { describePlace } from "./describe-place.ts";
import type { Place, ScalarRule } from "./template-schema.ts";
import type { ExpressionToken, InsertToken, LiteralToken } from "./token.ts";

/**
 * Is a scalar what its place allows? Where it wants a text, another value becomes its text (`1.10` is `1.1`, as on
 * GitHub). Reports what is wrong, and gives back the token to go on with.
 */
export function validateScalar<T extends LiteralToken | ExpressionToken | InsertToken>(
  token: T,
  place: Place,
  diagnostics: DiagnosticList,
): T | LiteralToken {
  if (token.kind === "expression") {
    if (place.context.expressions) return token;
    diagnostics.error("expression-not-allowed", token, "A template expression is not allowed here");
    return badText(token, place);
  }
  if (token.kind === "insert") {
    diagnostics.error("expression-not-allowed", token, `'\${{ insert }}' is only allowed as a key`);
    return badText(token, place);
  }
  if (token.bad) return token;
  const { scalars } = place.definition;
  if (scalars.some((rule) => matches(rule, token.value))) return token;
  const text = toStringValue(token.value);
  if (typeof token.value !== "string" && scalars.some((rule) => matches(rule, text))) {
    return { ...token, value: text };
  }
  const constants = scalars.flatMap((rule) =>
    rule.kind === "string" && rule.constant !== undefined ? [rule.constant] : [],
  );
  const meant = suggest(text, constants);
  const hint = meant === undefined ? `Expected ${describePlace(place)}` : `Did you mean '${meant}'?`;
  diagnostics.error("unexpected-value", token, `Unexpected value '${text}'`, hint);
  return { ...token, bad: true };
}

function matches(rule: ScalarRule, value: LiteralToken["value"]): boolean {
  switch (rule.kind) {
    case "null":
      return value === null;
    case "boolean":
    case "number":
      return typeof value === rule.kind;
    case "string":
      if (typeof value !== "string") return false;
      if (rule.constant !== undefined) return value === rule.constant;
      return !rule.nonEmpty || value !== "";
  }
}

function badText({ start, end }: { start: number; end: number }, { context }: Place): LiteralToken {
  return { kind: "literal", start, end, value: null, context, bad: true, offsetOf: () => start };
}
