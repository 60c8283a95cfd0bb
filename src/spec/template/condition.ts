import type { DiagnosticList } from "../diagnostic-list.ts";
import { parseExpression } from "../expressions/parse-expression.ts";
import type { SourceText } from "../source-text.ts";
import type { ConditionSpec } from "../workflow-spec.ts";
import { reportProblems } from "./read-scalar.ts";
import type { ExpressionPart, Token } from "./token.ts";

const STATUS_FUNCTIONS = ["success", "failure", "cancelled", "always"];

export interface Condition {
  readonly spec: ConditionSpec;
  /** As it stands in the file. */
  readonly parts: readonly ExpressionPart[];
}

export interface ConditionOptions {
  readonly source: SourceText;
  readonly diagnostics: DiagnosticList;
  /** Whether a condition that asks for no status also asks for `success()`: true of `if`, not of `pre-if`, `post-if`. */
  readonly impliesSuccess: boolean;
}

/** An `if`, which is an expression with or without `${{ }}` around. Undefined: absent, empty, or wrong (and said so). */
export function convertCondition(token: Token | undefined, options: ConditionOptions): Condition | undefined {
  const { source, diagnostics, impliesSuccess } = options;
  const found = token && conditionOf(token, diagnostics);
  if (!found) return undefined;
  const names = parseExpression(found.source).functions.map(({ name }) => name.toLowerCase());
  const asksForStatus = names.some((name) => STATUS_FUNCTIONS.includes(name));
  const [first] = found.parts;
  return {
    spec: {
      source: asksForStatus || !impliesSuccess ? found.source : `success() && (${found.source})`,
      at: source.position(first ? first.offsetOf(0) : (token?.start ?? 0)),
    },
    parts: found.parts,
  };
}

function conditionOf(
  token: Token,
  diagnostics: DiagnosticList,
): { source: string; parts: readonly ExpressionPart[] } | undefined {
  if (token.kind === "expression") {
    if (!token.whole) {
      diagnostics.warning(
        "always-true",
        token,
        "This condition is a text around an expression, and a text is always true",
        `Put all of it into one \${{ }}, or leave the \${{ }} away`,
      );
    }
    return { source: token.source, parts: token.parts };
  }
  if (token.kind !== "literal" || token.bad || token.value === null) return undefined;
  const text = String(token.value);
  const source = text.trim();
  if (source === "") return undefined;
  const lead = text.length - text.trimStart().length;
  const { start, end } = token;
  const part = { source, start, end, offsetOf: (index: number) => token.offsetOf(lead + index) };
  return reportProblems(part, token.context, diagnostics) ? undefined : { source, parts: [part] };
}
