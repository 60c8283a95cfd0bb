import { type Expr, FunctionCall, Literal } from "@actions/expressions/ast";
import { suggest } from "../suggest.ts";
import { BUILT_IN_FUNCTIONS } from "./built-in-functions.ts";
import { ExpressionError } from "./expression-error.ts";
import { parseFormat } from "./format-string.ts";
import { childrenOf, type NameUse, type ParsedExpression, parseExpression } from "./parse-expression.ts";

/** What an expression may use at the place where it stands. */
export interface ExpressionRules {
  /** Names of contexts. */
  readonly contexts: readonly string[];
  /** Functions besides the built-in ones (`contains`, `format`, …), such as `always` and `hashFiles`. */
  readonly functions: readonly { readonly name: string; readonly min: number; readonly max: number }[];
}

export interface ExpressionProblem {
  /** From the start of the expression's source, counted from 0, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
}

/** Every context and every function that is not built in, wherever GitHub has them. */
const CONTEXTS = "github env vars job jobs steps runner secrets strategy matrix needs inputs".split(" ");
const PLACED_FUNCTIONS = ["always", "cancelled", "success", "failure", "hashFiles"];

/** Everything that is wrong with an expression, without evaluating it, in the order of the source. */
export function checkExpression(source: string, rules: ExpressionRules): ExpressionProblem[] {
  const parsed = parseExpression(source);
  const problems = [...unknownContexts(parsed, rules), ...unknownFunctions(parsed, rules)];
  const failure = failureProblem(parsed);
  if (failure) problems.push(failure);
  if (parsed.root)
    problems.push(...callsIn(parsed.root).flatMap((call) => callProblems(call, parsed, rules)));
  return problems.sort((a, b) => a.offset - b.offset);
}

function unknownContexts({ contexts }: ParsedExpression, rules: ExpressionRules): ExpressionProblem[] {
  return contexts
    .filter(({ name }) => !includesName(rules.contexts, name))
    .map((use) =>
      includesName(CONTEXTS, use.name)
        ? problemAt(
            use,
            `The context '${use.name}' is not available here`,
            `Available: ${listOf(rules.contexts)}`,
          )
        : problemAt(use, `There is no context '${use.name}'`, contextHint(use.name, rules)),
    );
}

function contextHint(name: string, rules: ExpressionRules): string {
  const meant = suggest(name, rules.contexts);
  return meant
    ? `Did you mean '${meant}'?`
    : `Available: ${listOf(rules.contexts)}. A text needs single quotes: '${name}'`;
}

function unknownFunctions({ functions }: ParsedExpression, rules: ExpressionRules): ExpressionProblem[] {
  const placed = rules.functions.map(({ name }) => name);
  const known = [...BUILT_IN_FUNCTIONS.values()].map(({ name }) => name).concat(placed);
  return functions
    .filter(({ name }) => !includesName(known, name))
    .map((use) => {
      if (includesName(PLACED_FUNCTIONS, use.name)) {
        return problemAt(
          use,
          `The function '${use.name}' is not available here`,
          `Available: ${listOf(known)}`,
        );
      }
      const meant = suggest(use.name, known);
      const hint = meant ? `Did you mean '${meant}'?` : `Available: ${listOf(known)}`;
      return problemAt(use, `There is no function '${use.name}'`, hint);
    });
}

function failureProblem({ source, failure }: ParsedExpression): ExpressionProblem | undefined {
  if (!failure) return undefined;
  const { column, message } = failure.error;
  const text = message.split(". Located at position")[0] ?? message;
  if (column === undefined) return { offset: 0, length: source.length, message: text };
  const symbol = /: '(.*)'$/s.exec(text)?.[1] ?? "";
  const hint = source.slice(column - 1, column) === '"' ? "Texts stand in single quotes: 'text'" : undefined;
  return {
    offset: column - 1,
    length: Math.max(1, Math.min(symbol.length, source.length - column + 1)),
    message: text,
    ...(hint === undefined ? {} : { hint }),
  };
}

function callsIn(node: Expr): FunctionCall[] {
  const own = node instanceof FunctionCall ? [node] : [];
  return [...own, ...childrenOf(node).flatMap(callsIn)];
}

function callProblems(
  call: FunctionCall,
  parsed: ParsedExpression,
  rules: ExpressionRules,
): ExpressionProblem[] {
  const name = call.functionName.lexeme;
  const use = parsed.functions.find(({ token }) => token === call.functionName);
  if (!use) return [];
  const rule = rules.functions.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  const count = call.args.length;
  if (rule && count < rule.min) return [problemAt(use, `Too few parameters supplied: '${name}'`)];
  if (rule && count > rule.max) return [problemAt(use, `Too many parameters supplied: '${name}'`)];
  return name.toLowerCase() === "format" ? formatProblems(call, use) : [];
}

function formatProblems({ args: [first, ...rest] }: FunctionCall, use: NameUse): ExpressionProblem[] {
  if (!(first instanceof Literal)) return [];
  try {
    parseFormat(first.literal.coerceString(), rest.length);
    return [];
  } catch (error) {
    if (error instanceof ExpressionError) return [problemAt(use, error.message)];
    throw error;
  }
}

function problemAt({ name, offset }: NameUse, message: string, hint?: string): ExpressionProblem {
  return { offset, length: name.length, message, ...(hint === undefined ? {} : { hint }) };
}

function includesName(names: readonly string[], name: string): boolean {
  const lower = name.toLowerCase();
  return names.some((candidate) => candidate.toLowerCase() === lower);
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "none" : [...names].sort().join(", ");
}
