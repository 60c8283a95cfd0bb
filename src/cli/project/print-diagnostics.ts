import type { Diagnostic } from "../../spec/diagnostic.ts";
import { palette } from "../output/color.ts";

/** Files with their diagnostics, for a person: each mistake in its line, then how many there were. Empty where none. */
export async function diagnosticsText(
  files: readonly { readonly content: string; readonly diagnostics: readonly Diagnostic[] }[],
  color: boolean,
): Promise<string> {
  const { formatDiagnostic } = await import("../../spec/format-diagnostic.ts");
  const all = files.flatMap(({ content, diagnostics }) =>
    diagnostics.map((diagnostic) => `${formatDiagnostic(diagnostic, content, { color })}\n`),
  );
  if (all.length === 0) return "";
  return `${all.join("\n")}\n${diagnosticCount(
    files.flatMap(({ diagnostics }) => diagnostics),
    color,
  )}\n`;
}

/** `2 errors and 1 warning in 2 files`. */
function diagnosticCount(diagnostics: readonly Diagnostic[], color: boolean): string {
  const style = palette(color);
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  const warnings = diagnostics.length - errors;
  const files = new Set(diagnostics.map(({ file }) => file)).size;
  const parts = [
    ...(errors > 0 ? [style.red(count(errors, "error"))] : []),
    ...(warnings > 0 ? [style.yellow(count(warnings, "warning"))] : []),
  ];
  return `${parts.join(" and ")} in ${count(files, "file")}`;
}

export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
