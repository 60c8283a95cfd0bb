import { ExecError } from "../../errors.ts";
import type { Json } from "../../json.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type { TemplateValue } from "../../spec/template/template-value.ts";
import { evaluateLocated } from "../scope/evaluate-located.ts";

/** `timeout-minutes`, fractions too; 0: no limit. Throws `ExecError` (`InvalidSpec`) for what is no such number. */
export function timeoutMinutes(value: TemplateValue | undefined, scope: Scope, file: string): number {
  if (value === undefined || value === null) return 0;
  const result = evaluateLocated(value, scope, file);
  const minutes = typeof result === "string" && result.trim() !== "" ? Number(result) : result;
  if (typeof minutes === "number" && Number.isFinite(minutes) && minutes >= 0) return minutes;
  throw new ExecError(
    "InvalidSpec",
    `An error occurred when attempting to determine the step timeout: \`timeout-minutes\` is ${shown(result)}, ` +
      "not a number of minutes.",
  );
}

/** Throws `ExecError` (`InvalidSpec`) for what is neither true nor false. */
export function continueOnError(value: TemplateValue | undefined, scope: Scope, file: string): boolean {
  if (value === undefined || value === null) return false;
  const result = evaluateLocated(value, scope, file);
  if (typeof result === "boolean") return result;
  if (result === "true" || result === "false") return result === "true";
  throw new ExecError(
    "InvalidSpec",
    "The step failed and an error occurred when attempting to determine whether to continue on error: " +
      `\`continue-on-error\` is ${shown(result)}, neither true nor false.`,
  );
}

function shown(value: Json): string {
  return JSON.stringify(value);
}
