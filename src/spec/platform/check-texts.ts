import { checkExpression, type ExpressionRules } from "../expressions/check-expression.ts";
import { splitText } from "./expression-text.ts";
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
  const { pieces, unclosedAt } = splitText(text);
  const raw = yaml.content.slice(range.start, range.end);
  // The text may be folded, quoted or indented in the file: its expressions are found again there one by one.
  let cursor = 0;
  const nextOpen = () => {
    const open = raw.indexOf("${{", cursor);
    cursor = open < 0 ? raw.length : open + 3;
    return Math.max(open, 0);
  };
  for (const piece of pieces) {
    if (piece.kind === "text") continue;
    const open = nextOpen();
    const start = range.start + open + 3 + (/^\s*/.exec(raw.slice(open + 3))?.[0].length ?? 0);
    if (piece.source === "") {
      yaml.problems.add(
        { start: range.start + open, end: start + 2 },
        "expression",
        "An expression is expected",
      );
    }
    for (const { offset, length, message, hint } of checkExpression(piece.source, rules)) {
      const from = Math.min(start + offset, range.end - 1);
      yaml.problems.add({ start: from, end: Math.min(from + length, range.end) }, "expression", message, {
        hint,
      });
    }
  }
  if (unclosedAt === undefined) return;
  const open = range.start + nextOpen();
  yaml.problems.add({ start: open, end: open + 3 }, "expression", "The expression is not closed", {
    hint: "Close it with '}}'",
  });
}
