import type { Json, JsonObject } from "../json.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import type { TemplateValue } from "../spec/template/template-value.ts";
import type { CallJobSpec, InputSpec } from "../spec/workflow-spec.ts";
import { readKey } from "./job-settings.ts";
import { locatedError, messageOf } from "./located-error.ts";
import { emptyInput, typedInput } from "./typed-input.ts";
import { mappingOf } from "./typed-value.ts";

/**
 * The `inputs` context of a called workflow. Defaults see what the caller sees. Throws `ExecError` (`InvalidSpec`),
 * placed at the caller.
 */
export function callInputs(
  call: CallJobSpec,
  defined: readonly InputSpec[],
  scope: Scope,
  file: string,
): JsonObject {
  const given = evaluatedWith(call, scope, file);
  const known = new Set(defined.map(({ name }) => name.toLowerCase()));
  for (const [key, { name }] of given) {
    if (!known.has(key)) {
      throw locatedError(file, call.at, `Invalid input, ${name} is not defined in the called workflow.`);
    }
  }
  return Object.fromEntries(
    defined.map((input): [string, Json] => {
      const found = given.get(input.name.toLowerCase());
      if (found !== undefined) {
        try {
          return [input.name, typedInput(input, found.value)];
        } catch (error) {
          throw locatedError(file, call.at, `Input ${input.name}: ${messageOf(error)}`);
        }
      }
      if (input.required) {
        throw locatedError(file, call.at, `Input ${input.name} is required, but not provided while calling.`);
      }
      return [input.name, defaultOf(input, input.default, call, scope, file)];
    }),
  );
}

function defaultOf(
  input: InputSpec,
  value: TemplateValue | undefined,
  call: CallJobSpec,
  scope: Scope,
  file: string,
): Json {
  if (value === undefined) return emptyInput(input);
  return readKey(`default of input ${input.name}`, value, call.at, file, scope, (json) =>
    typedInput(input, json),
  );
}

function evaluatedWith(
  call: CallJobSpec,
  scope: Scope,
  file: string,
): Map<string, { readonly name: string; readonly value: Json }> {
  if (call.with === undefined) return new Map();
  const values = readKey("with", call.with, call.at, file, scope, mappingOf);
  return new Map(Object.entries(values).map(([name, value]) => [name.toLowerCase(), { name, value }]));
}
