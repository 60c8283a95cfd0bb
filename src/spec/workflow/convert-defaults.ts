import type { Token } from "../template/token.ts";
import type { RunDefaultsSpec } from "../workflow-spec.ts";
import { type Conversion, Fields } from "./conversion.ts";

/** `defaults`, of the workflow or of a job. */
export function convertDefaults(
  token: Token | undefined,
  conversion: Conversion,
): { defaults?: RunDefaultsSpec } {
  const run = new Fields(token, conversion).get("run");
  if (!run) return {};
  const computed = run.kind === "mapping" ? run.entries.find(({ key }) => key.kind !== "literal")?.key : run;
  if (computed?.kind === "expression" || computed?.kind === "insert") {
    conversion.diagnostics.error(
      "not-supported",
      computed,
      "An expression for all of 'defaults.run' is not supported",
      "Write 'shell' and 'working-directory'; their values may be expressions",
    );
  }
  const fields = new Fields(run, conversion);
  return {
    defaults: {
      ...fields.template("shell", "shell"),
      ...fields.template("working-directory", "workingDirectory"),
    },
  };
}
