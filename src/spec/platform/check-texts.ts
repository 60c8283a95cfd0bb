import { checkExpression, type ExpressionRules } from "../expressions/check-expression.ts";
import { splitExpressions } from "../template/split-expressions.ts";
import type { PlatformStep } from "./platform-step.ts";
import type { TextNode, YamlSource } from "./yaml-source.ts";

const STEP_RULES: ExpressionRules = { contexts: ["secrets", "vars", "github", "env"], functions: [] };
/** The image is chosen before there is an environment. */
const IMAGE_RULES: ExpressionRules = { contexts: ["secrets", "vars", "github"], functions: [] };

/** Tells what is wrong with the expressions of a step. */
export function checkTexts(yaml: YamlSource, { image, commands, environment }: PlatformStep): void {
  if (image) checkText(yaml, image, IMAGE_RULES);
  for (const command of commands) checkText(yaml, command, STEP_RULES);
  for (const { value } of environment) checkText(yaml, value, STEP_RULES);
}

function checkText(yaml: YamlSource, { text, range }: TextNode, rules: ExpressionRules): void {
  const { segments, unclosedAt } = splitExpressions(text);
  const raw = yaml.raw(range);
  // The text may be folded, quoted or indented in the file: its expressions are found again there one by one.
  let cursor = 0;
  const nextOpen = () => {
    const open = raw.indexOf("${{", cursor);
    cursor = open < 0 ? raw.length : open + 3;
    return Math.max(open, 0);
  };
  for (const segment of segments) {
    if (segment.kind === "text") continue;
    const open = nextOpen();
    const start = range.start + open + 3 + (/^\s*/.exec(raw.slice(open + 3))?.[0].length ?? 0);
    if (segment.source === "") {
      yaml.diagnostics.error(
        "expression",
        { start: range.start + open, end: start + 2 },
        "An expression is expected",
      );
    }
    for (const { offset, length, message, hint } of checkExpression(segment.source, rules)) {
      const from = Math.min(start + offset, range.end - 1);
      yaml.diagnostics.error(
        "expression",
        { start: from, end: Math.min(from + length, range.end) },
        message,
        hint,
      );
    }
  }
  if (unclosedAt === undefined) return;
  const open = range.start + nextOpen();
  yaml.diagnostics.error(
    "expression",
    { start: open, end: open + 3 },
    "The expression is not closed",
    "Close it with '}}'",
  );
}
