import type { Scalar } from "yaml";
import type { DiagnosticList } from "../diagnostic-list.ts";
import { checkExpression } from "../expressions/check-expression.ts";
import type { SourceText } from "../source-text.ts";
import type { AllowedContext } from "./allowed-context.ts";
import { type ScalarStyle, scalarOffsets } from "./scalar-offsets.ts";
import { joinSegments, splitExpressions, stringLiteral } from "./split-expressions.ts";
import type { ExpressionPart, ExpressionToken, InsertToken, LiteralToken } from "./token.ts";
import { rangeOf } from "./yaml-range.ts";

const STYLES: Readonly<Record<string, ScalarStyle>> = {
  PLAIN: "plain",
  QUOTE_SINGLE: "single",
  QUOTE_DOUBLE: "double",
  BLOCK_LITERAL: "literal",
  BLOCK_FOLDED: "folded",
};
const STRING_TAG = "tag:yaml.org,2002:str";
const PLAIN_TAGS = ["bool", "float", "int", "null"].map((name) => `tag:yaml.org,2002:${name}`);
const FLOAT_TAG = "tag:yaml.org,2002:float";
const MAX_EXPRESSION = 21_000;

/** A scalar as GitHub's template reader sees it. Expressions are checked against `context`. */
export function readScalar(
  node: Scalar,
  context: AllowedContext,
  source: SourceText,
  diagnostics: DiagnosticList,
): LiteralToken | ExpressionToken | InsertToken {
  const range = rangeOf(node);
  const style = STYLES[node.type ?? "PLAIN"] ?? "plain";
  const value = scalarValue(node, range.end === source.content.length && !source.content.endsWith("\n"));
  let inValue: ((index: number) => number) | undefined;
  const offsetOf = (index: number) => {
    if (typeof value !== "string") return range.start + index;
    inValue ??= scalarOffsets(source.slice(range), style, value);
    return range.start + inValue(index);
  };
  const literal: LiteralToken = { kind: "literal", ...range, value, context, bad: false, offsetOf };
  if (node.tag !== undefined && !checkTag(node, literal, source, diagnostics)) {
    return { ...literal, bad: true };
  }
  if (typeof value !== "string" || !value.includes("${{")) return literal;
  return readExpressions(literal, value, diagnostics);
}

function scalarValue({ value, type, tag }: Scalar, unterminated: boolean): LiteralToken["value"] {
  switch (typeof value) {
    case "boolean":
    case "number":
      return value;
    case "string":
      if (tag === FLOAT_TAG && /^[-+]?\d+$/.test(value)) return Number(value);
      // The library ends a block's last line even where the file does not.
      return unterminated && type?.startsWith("BLOCK") && value.endsWith("\n") ? value.slice(0, -1) : value;
    default:
      return value === null || value === undefined ? null : String(value);
  }
}

function checkTag(
  { tag, type }: Scalar,
  token: LiteralToken,
  source: SourceText,
  diagnostics: DiagnosticList,
): boolean {
  if (tag === undefined || tag === STRING_TAG || tag === "!") return true;
  if (!PLAIN_TAGS.includes(tag)) {
    const message = `Unexpected tag '${tag}'`;
    diagnostics.error(
      "yaml-tag",
      token,
      message,
      `A text that starts with \`!\` must be quoted, or stand in \${{ }}`,
    );
    return false;
  }
  if (type !== "PLAIN") {
    diagnostics.error("yaml-tag", token, `A quoted text cannot have the tag '${tag}'`);
    return false;
  }
  const wanted = tag.endsWith("bool") ? "boolean" : tag.endsWith("null") ? "object" : "number";
  if (typeof token.value === wanted) return true;
  diagnostics.error("yaml-tag", token, `The value '${source.slice(token)}' is invalid for the tag '${tag}'`);
  return false;
}

function readExpressions(
  literal: LiteralToken,
  value: string,
  diagnostics: DiagnosticList,
): LiteralToken | ExpressionToken | InsertToken {
  const { context, offsetOf } = literal;
  const { start, end } = literal;
  const { segments, unclosedAt } = splitExpressions(value);
  if (unclosedAt !== undefined) {
    const at = offsetOf(unclosedAt);
    const message = `The expression is not closed: a '\${{' was found, but no '}}' behind it`;
    diagnostics.error(
      "expression-not-closed",
      { start: at, end: at + 3 },
      message,
      `A text with '\${{' in it is written \${{ '\${{' }}`,
    );
    return { ...literal, bad: true };
  }
  const parts: ExpressionPart[] = [];
  let good = true;
  for (const segment of segments) {
    if (segment.kind === "text") continue;
    const partOffset = (index: number) => offsetOf(segment.offset + index);
    const whole = { start: offsetOf(segment.start), end: offsetOf(segment.end - 1) + 1 };
    if (segment.source === "") {
      diagnostics.error("expression", whole, "An expression was expected");
      good = false;
    } else if (/^insert(?:\s|$)/.test(segment.source)) {
      if (segments.length === 1 && segment.source === "insert") return { kind: "insert", start, end };
      const message = `'insert' is only allowed alone: as the whole of a key, \${{ insert }}`;
      diagnostics.error("expression", whole, message);
      good = false;
    } else {
      const part = { source: segment.source, ...whole, offsetOf: partOffset };
      if (context.expressions && reportProblems(part, context, diagnostics)) good = false;
      parts.push(part);
    }
  }
  if (!good) return { ...literal, bad: true };
  const [only] = parts;
  const whole = segments.length === 1 && only !== undefined;
  const text = whole ? stringLiteral(only.source) : undefined;
  if (text !== undefined) return { ...literal, value: text };
  const joined = whole ? only.source : joinSegments(segments);
  if (joined.length > MAX_EXPRESSION) {
    const message = `A text with expressions in it may have at most ${MAX_EXPRESSION} characters`;
    diagnostics.error(
      "expression",
      { start, end: start + 1 },
      message,
      "Put the script into a file, or the expressions into `env`",
    );
    return { ...literal, bad: true };
  }
  return { kind: "expression", start, end, source: joined, parts, context, whole };
}

/** Says what is wrong with an expression, where it stands in the file. True: something is. */
export function reportProblems(
  { source, offsetOf }: Pick<ExpressionPart, "source" | "offsetOf">,
  context: AllowedContext,
  diagnostics: DiagnosticList,
): boolean {
  const problems = checkExpression(source, context);
  for (const { offset, length, message, hint } of problems) {
    const start = offsetOf(offset);
    const end = Math.max(start + 1, offsetOf(offset + Math.max(1, length) - 1) + 1);
    diagnostics.error("expression", { start, end }, message, hint);
  }
  return problems.length > 0;
}
