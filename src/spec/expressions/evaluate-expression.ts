import type { Json } from "../../json.ts";
import { Evaluator } from "./evaluator.ts";
import { ExpressionError, errorAt } from "./expression-error.ts";
import { FilteredArray } from "./index-value.ts";
import { DEFAULT_MEMORY_BYTES, MemoryBudget } from "./memory-budget.ts";
import { type ParsedExpression, parseExpression } from "./parse-expression.ts";
import type { Scope } from "./scope.ts";
import { findFunction, type ScopeFunction } from "./scope-functions.ts";

export interface EvaluateOptions {
  /** How much the strings made by functions may take; 10 MiB where absent, as on GitHub's runner. */
  readonly memoryBytes?: number;
}

/**
 * Evaluates what stands between `${{` and `}}`, as GitHub's runner would. Throws `ExpressionError` for bad syntax,
 * unknown names and what cannot be evaluated; errors of `scope.hashFiles` and `scope.status` pass through.
 */
export function evaluateExpression(source: string, scope: Scope, options: EvaluateOptions = {}): Json {
  const parsed = parseExpression(source);
  rejectUnknownNames(parsed, scope);
  if (!parsed.root) return null;
  const names = {
    context: (name: string) => findContext(name, scope) ?? null,
    call: (name: string) => findFunction(name, scope) ?? missing(name),
  };
  const budget = new MemoryBudget(options.memoryBytes ?? DEFAULT_MEMORY_BYTES, source);
  const result = new Evaluator(names, budget).evaluate(parsed.root);
  return result instanceof FilteredArray ? [...result] : result;
}

/** Of several mistakes the first in the source is told, as GitHub does, which reads from left to right. */
function rejectUnknownNames(parsed: ParsedExpression, scope: Scope): void {
  const { source, failure } = parsed;
  const context = parsed.contexts.find(({ name }) => findContext(name, scope) === undefined);
  const call = parsed.functions.find(({ name }) => findFunction(name, scope) === undefined);
  const contextAt = context?.offset ?? Number.POSITIVE_INFINITY;
  const callAt = call?.offset ?? Number.POSITIVE_INFINITY;
  if (failure && failure.noticedAt <= Math.min(contextAt, callAt)) throw failure.error;
  if (context && contextAt < callAt) {
    throw errorAt(`Unrecognized named-value: '${context.name}'`, source, contextAt);
  }
  if (call) throw errorAt(`Unrecognized function: '${call.name}'`, source, callAt);
}

function findContext(name: string, { contexts }: Scope): Json | undefined {
  if (Object.hasOwn(contexts, name)) return contexts[name];
  const lower = name.toLowerCase();
  const key = Object.keys(contexts).find((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : contexts[key];
}

function missing(name: string): ScopeFunction {
  throw new ExpressionError(`Unrecognized function: '${name}'`);
}
