import { ExecError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import {
  ExpressionError,
  evaluateCondition,
  evaluateExpression,
  evaluateTemplate,
  toStringValue,
} from "../../spec/expressions/evaluate.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type {
  SourcePosition,
  TemplateExpression,
  TemplateValue,
} from "../../spec/template/template-value.ts";
import type { ConditionSpec } from "../../spec/workflow-spec.ts";

/** The functions below throw `ExecError` (`InvalidSpec`) that names the line in `file` where `ExpressionError` cannot. */
export function evaluateLocated(value: TemplateValue, scope: Scope, file: string): Json {
  try {
    return evaluateTemplate(value, scope);
  } catch (error) {
    throw located(error, firstFailing(value, scope), file);
  }
}

export function evaluateText(value: TemplateValue, scope: Scope, file: string): string {
  return typeof value === "string" ? value : toStringValue(evaluateLocated(value, scope, file));
}

/** A mapping of texts: `env`, `with`. Anything but a mapping counts as empty only where it is null. */
export function evaluateTexts(
  value: TemplateValue | undefined,
  scope: Scope,
  file: string,
): Record<string, string> {
  if (value === undefined || value === null) return {};
  const result = evaluateLocated(value, scope, file);
  if (result === null) return {};
  if (typeof result !== "object" || Array.isArray(result)) {
    const at = typeof value === "object" && value.kind === "expression" ? value.at : undefined;
    throw located(new ExpressionError("A mapping was expected"), at, file);
  }
  return Object.fromEntries(Object.entries(result).map(([name, item]) => [name, toStringValue(item)]));
}

export function evaluateIf(condition: ConditionSpec | undefined, scope: Scope, file: string): boolean {
  try {
    return evaluateCondition(condition?.source ?? "success()", scope);
  } catch (error) {
    throw located(error, condition?.at, file);
  }
}

/** What is not an `ExpressionError`, such as one of `hashFiles`, says by itself what is wrong. */
function located(error: unknown, at: SourcePosition | undefined, file: string): unknown {
  if (!(error instanceof ExpressionError)) return error;
  const where = at === undefined ? file : `${file} (Line: ${at.line}, Col: ${at.column})`;
  return new ExecError("InvalidSpec", `The template is not valid. ${where}: ${error.message}`, {
    cause: error,
  });
}

function firstFailing(value: TemplateValue, scope: Scope): SourcePosition | undefined {
  const all = expressionsIn(value);
  const failing = all.find(({ source }) => {
    try {
      evaluateExpression(source, scope);
      return false;
    } catch {
      return true;
    }
  });
  return (failing ?? all[0])?.at;
}

function expressionsIn(value: TemplateValue): TemplateExpression[] {
  if (typeof value !== "object" || value === null) return [];
  switch (value.kind) {
    case "expression":
      return [value];
    case "sequence":
      return value.items.flatMap(expressionsIn);
    case "mapping":
      return value.entries.flatMap(({ key, value: item }) => [
        ...(typeof key === "object" && key.kind === "expression" ? [key] : []),
        ...expressionsIn(item),
      ]);
  }
}
