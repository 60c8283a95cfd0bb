import type { Json, JsonObject } from "../../json.ts";
import type {
  TemplateEntry,
  TemplateExpression,
  TemplateMapping,
  TemplateSequence,
  TemplateValue,
} from "../template/template-value.ts";
import { isObject, isPrimitive, toStringValue } from "./coerce.ts";
import { evaluateExpression } from "./evaluate-expression.ts";
import { ExpressionError } from "./expression-error.ts";
import { foldCase } from "./fold-case.ts";
import type { Scope } from "./scope.ts";

const MAX_DEPTH = 100;

/**
 * Evaluates every expression inside a value. A sequence that an expression gives as an item of a sequence is spliced
 * in; a key may be an expression; `${{ insert }}` merges a mapping in at its place. Throws `ExpressionError`.
 */
export function evaluateTemplate(value: TemplateValue, scope: Scope): Json {
  return evaluateValue(value, scope, 1);
}

function evaluateValue(value: TemplateValue, scope: Scope, depth: number): Json {
  if (depth > MAX_DEPTH) throw new ExpressionError(`The value is nested more than ${MAX_DEPTH} levels deep`);
  if (typeof value !== "object" || value === null) return value;
  switch (value.kind) {
    case "expression":
      return evaluateExpression(value.source, scope);
    case "sequence":
      return evaluateSequence(value, scope, depth);
    case "mapping":
      return evaluateMapping(value, scope, depth);
  }
}

function evaluateSequence({ items }: TemplateSequence, scope: Scope, depth: number): Json[] {
  return items.flatMap((item): Json[] => {
    const result = evaluateValue(item, scope, depth + 1);
    const spliced = isExpression(item) && Array.isArray(result);
    return spliced ? (result as Json[]) : [result];
  });
}

function evaluateMapping({ entries }: TemplateMapping, scope: Scope, depth: number): JsonObject {
  const seen = new Set<string>();
  const pairs: [string, Json][] = [];
  const add = (key: string, result: Json) => {
    const folded = foldCase(key);
    if (seen.has(folded)) throw new ExpressionError(`'${key}' is already defined`);
    seen.add(folded);
    pairs.push([key, result]);
  };
  for (const entry of entries) {
    const result = evaluateValue(entry.value, scope, depth + 1);
    if (isInsert(entry)) {
      if (!isObject(result)) throw new ExpressionError("Expected a mapping to insert");
      for (const [key, item] of Object.entries(result)) add(key, item);
    } else {
      add(evaluateKey(entry.key, scope), result);
    }
  }
  return Object.fromEntries(pairs);
}

function evaluateKey(key: string | TemplateExpression | { readonly kind: "insert" }, scope: Scope): string {
  if (typeof key === "string") return key;
  if (key.kind === "insert") return "insert";
  const result = evaluateExpression(key.source, scope);
  if (!isPrimitive(result)) throw new ExpressionError(`Expected a string as the key '\${{ ${key.source} }}'`);
  return toStringValue(result);
}

function isInsert(entry: TemplateEntry): boolean {
  return typeof entry.key !== "string" && entry.key.kind === "insert";
}

function isExpression(value: TemplateValue): value is TemplateExpression {
  return typeof value === "object" && value !== null && value.kind === "expression";
}
