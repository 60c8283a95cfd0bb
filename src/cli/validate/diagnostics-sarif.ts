import type { CheckedFile } from "../../builds/check-calls.ts";
import { version } from "../../version.ts";

/** SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function diagnosticsSarif(files: readonly CheckedFile[]): string {
  const diagnostics = files.flatMap((file) => file.diagnostics);
  const rules = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "slipway", version, rules: rules.map((id) => ({ id })) } },
        columnKind: "utf16CodeUnits",
        results: diagnostics.map(({ severity, code, message, hint, file, ...place }) => ({
          ruleId: code,
          ruleIndex: rules.indexOf(code),
          level: severity,
          message: { text: hint === undefined ? message : `${message}\n${hint}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: encodeURI(file) },
                region: {
                  startLine: place.line,
                  startColumn: place.column,
                  endLine: place.endLine,
                  endColumn: place.endColumn,
                },
              },
            },
          ],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
