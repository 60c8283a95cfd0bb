import type { Diagnostic } from "../diagnostic.ts";
import { parseWorkflow } from "../workflow/parse-workflow.ts";

/** One line a diagnostic: `3:5 unknown-key: message (hint)`; warnings have a `?` behind the code. */
export function listMistakes(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ severity, line, column, code, message, hint }) => {
    const mark = severity === "warning" ? "?" : "";
    return `${line}:${column} ${code}${mark}: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  });
}

/** Of a workflow whose every line may be indented by the test around it. */
export function workflowMistakes(content: string): string[] {
  return listMistakes(parseWorkflow({ path: "ci.yml", content: dedent(content) }).diagnostics);
}

export function dedent(text: string): string {
  const lines = text.replace(/^\n/, "").split("\n");
  const indents = lines
    .filter((line) => line.trim() !== "")
    .map((line) => line.length - line.trimStart().length);
  const least = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  return lines.map((line) => line.slice(Math.min(least, line.length - line.trimStart().length))).join("\n");
}
