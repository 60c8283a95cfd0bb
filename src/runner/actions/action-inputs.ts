import type { ActionSpec } from "../../spec/actions/action-spec.ts";
import type { TemplateValue } from "../../spec/template/template-value.ts";

export interface ActionInputs {
  /** Given inputs under the names the step used, then defaults of the others. */
  readonly inputs: { readonly [name: string]: string };
  /** To be shown as warning annotations: deprecated, unexpected and missing inputs, in this order. */
  readonly warnings: readonly string[];
}

/**
 * The inputs of a step that uses an action. `given` is the step's evaluated `with`; names are compared without
 * regard to case. An empty value was given: it takes no default. An input that is neither given nor has a default is
 * there and empty, as GitHub's runner has it; a required one is warned about and nothing more, since only the action
 * itself knows whether it can do without. Defaults may use the contexts github, strategy, matrix, job and runner.
 */
export function actionInputs(
  spec: ActionSpec,
  given: { readonly [name: string]: string },
  evaluateDefault: (value: TemplateValue) => string,
): ActionInputs {
  const declared = new Map(spec.inputs.map((input) => [input.name.toLowerCase(), input]));
  const names = new Set(Object.keys(given).map((name) => name.toLowerCase()));
  const warnings: string[] = [];
  const inputs: Record<string, string> = { ...given };

  for (const name of Object.keys(given)) {
    const message = declared.get(name.toLowerCase())?.deprecationMessage;
    if (message !== undefined) warnings.push(`Input '${name}' has been deprecated with message: ${message}`);
  }

  // A container's entry point and arguments can always be given.
  const always = spec.runs.using === "docker" ? ["entryPoint", "args"] : [];
  const valid = [...always, ...spec.inputs.map(({ name }) => name)];
  const known = new Set(valid.map((name) => name.toLowerCase()));
  const unexpected = Object.keys(given).filter((name) => !known.has(name.toLowerCase()));
  if (unexpected.length > 0) {
    warnings.push(
      `Unexpected input(s) '${unexpected.join("', '")}', valid inputs are ['${valid.join("', '")}']`,
    );
  }

  for (const input of spec.inputs) {
    if (names.has(input.name.toLowerCase())) continue;
    inputs[input.name] = input.default === undefined ? "" : evaluateDefault(input.default);
    if (input.required && input.default === undefined) {
      warnings.push(`Input required and not supplied: ${input.name}`);
    }
  }
  return { inputs, warnings };
}
