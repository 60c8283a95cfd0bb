import type { JsonObject } from "../json.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { CallJobSpec, SecretSpec } from "../spec/workflow-spec.ts";
import { readKey } from "./job-settings.ts";
import { locatedError } from "./located-error.ts";
import { mappingOf, textOf } from "./typed-value.ts";

/**
 * The secrets of a called workflow: what the caller maps, or all of the caller's. Empty ones are none. Throws
 * `ExecError` (`InvalidSpec`) where a required one is not handed over.
 */
export function callSecrets(
  call: CallJobSpec,
  defined: readonly SecretSpec[],
  own: JsonObject,
  scope: Scope,
  file: string,
): JsonObject {
  const handed = call.secrets === "inherit" ? own : mappedSecrets(call, scope, file);
  const names = new Set(Object.keys(handed).map((name) => name.toLowerCase()));
  for (const { name, required } of defined) {
    if (required && !names.has(name.toLowerCase())) {
      throw locatedError(file, call.at, `Secret ${name} is required, but not provided while calling.`);
    }
  }
  if (call.secrets === "inherit") return handed;
  return Object.fromEntries(Object.entries(handed).filter(([, value]) => value !== ""));
}

function mappedSecrets(call: CallJobSpec, scope: Scope, file: string): JsonObject {
  if (call.secrets === undefined || call.secrets === "inherit") return {};
  const values = readKey("secrets", call.secrets, call.at, file, scope, mappingOf);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, textOf(value)]));
}
