import type { ExpressionRules } from "../expressions/check-expression.ts";

/** What expressions may use at a place, from a schema's `context` lists; without any, no expression may stand there. */
export interface AllowedContext extends ExpressionRules {
  readonly expressions: boolean;
  /** As in the schema: `github`, `hashFiles(1,255)`. */
  readonly entries: readonly string[];
}

const FUNCTION = /^(\w+)\((\d+),(\d+|MAX)\)$/;

export const NO_CONTEXT: AllowedContext = { expressions: false, entries: [], contexts: [], functions: [] };

/** What a place allows that is inside another: all of the outer place and its own. */
export function extendContext(outer: AllowedContext, own: readonly string[]): AllowedContext {
  const known = new Set(outer.entries.map((entry) => entry.toLowerCase()));
  const entries = [...outer.entries, ...own.filter((entry) => !known.has(entry.toLowerCase()))];
  const contexts = entries.filter((entry) => !FUNCTION.test(entry));
  const functions = entries.flatMap((entry) => {
    const [, name, min, max] = FUNCTION.exec(entry) ?? [];
    if (name === undefined) return [];
    return [{ name, min: Number(min), max: max === "MAX" ? Number.POSITIVE_INFINITY : Number(max) }];
  });
  return { expressions: entries.length > 0, entries, contexts, functions };
}
