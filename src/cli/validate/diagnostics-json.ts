import type { CheckedFile } from "../../builds/check-calls.ts";

/** `{version, files, diagnostics}`; each diagnostic as in `spec/diagnostic.ts`. */
export function diagnosticsJson(files: readonly CheckedFile[]): string {
  const all = {
    version: 1,
    files: files.map(({ file }) => file),
    diagnostics: files.flatMap(({ diagnostics }) => diagnostics),
  };
  return `${JSON.stringify(all, undefined, 2)}\n`;
}
