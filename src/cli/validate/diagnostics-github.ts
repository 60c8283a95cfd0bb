import type { CheckedFile } from "../../builds/check-calls.ts";

/** Workflow commands: run inside a workflow, they become annotations on the files. */
export function diagnosticsGithub(files: readonly CheckedFile[]): string {
  return files
    .flatMap(({ diagnostics }) => diagnostics)
    .map(({ severity, code, message, hint, file, ...place }) => {
      const properties = {
        file,
        line: place.line,
        endLine: place.endLine,
        col: place.column,
        // The end is exclusive here and inclusive there.
        endColumn: Math.max(place.column, place.endColumn - 1),
        title: code,
      };
      const text = Object.entries(properties).map(
        ([name, value]) => `${name}=${escapeProperty(String(value))}`,
      );
      return `::${severity} ${text.join(",")}::${escapeData(hint === undefined ? message : `${message}\n${hint}`)}\n`;
    })
    .join("");
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
