import { ExecError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { evaluateTemplate, toStringValue } from "../spec/expressions/evaluate.ts";
import { suggest } from "../spec/suggest.ts";
import type { InputSpec, WorkflowSpec } from "../spec/workflow-spec.ts";
import { messageOf } from "./located-error.ts";
import { emptyInput, typedInput } from "./typed-input.ts";

export interface ResolvedInputs {
  /** The `inputs` context: booleans are booleans, numbers numbers. */
  readonly inputs: JsonObject;
  /** `github.event.inputs`: everything a string. */
  readonly eventInputs: { readonly [name: string]: string };
  /** All mistakes at once, one text each; empty where there are none. */
  readonly problems: readonly string[];
}

export interface ResolveInputsOptions {
  /** The event whose inputs these are. `workflow_dispatch` where absent. */
  readonly event?: string;
  /** `github` and `vars`, for defaults of `workflow_call` inputs that use them. */
  readonly contexts?: { readonly [name: string]: Json };
}

/** Checks what was given for the inputs of a workflow, converts it, and fills in the defaults. */
export function resolveInputs(
  spec: WorkflowSpec,
  given: { readonly [name: string]: string },
  options: ResolveInputsOptions = {},
): ResolvedInputs {
  const { event = "workflow_dispatch", contexts = {} } = options;
  const defined = spec.on.find((trigger) => trigger.event === event)?.inputs ?? [];
  const texts = new Map(Object.entries(given).map(([name, text]) => [name.toLowerCase(), text]));
  const inputs: { [name: string]: Json } = {};
  const problems = Object.keys(given).flatMap((name) => unknownInput(name, defined));
  for (const input of defined) {
    try {
      inputs[input.name] = inputValue(input, texts.get(input.name.toLowerCase()), contexts);
    } catch (error) {
      problems.push(`Input '${input.name}': ${messageOf(error)}.`);
    }
  }
  const eventInputs = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, toStringValue(value)]),
  );
  return { inputs, eventInputs, problems };
}

function inputValue(
  input: InputSpec,
  text: string | undefined,
  contexts: { readonly [name: string]: Json },
): Json {
  if (text !== undefined) return typedInput(input, parsed(input, text));
  if (input.default !== undefined) {
    const value = evaluateTemplate(input.default, { contexts });
    return typedInput(input, typeof value === "string" ? parsed(input, value) : value);
  }
  if (input.required) throw new ExecError("InvalidSpec", "it is required, but was not given");
  return emptyInput(input);
}

/** What a text given on a command line or by an API means for an input of this type. */
function parsed(input: InputSpec, text: string): Json {
  switch (input.type) {
    case "boolean": {
      const lower = text.trim().toLowerCase();
      if (lower === "true" || lower === "false") return lower === "true";
      throw new ExecError("InvalidSpec", `'${text}' is neither true nor false`);
    }
    case "number": {
      const number = Number(text);
      if (text.trim() !== "" && Number.isFinite(number)) return number;
      throw new ExecError("InvalidSpec", `'${text}' is not a number`);
    }
    case "string":
    case "choice":
    case "environment":
      return text;
  }
}

function unknownInput(name: string, defined: readonly InputSpec[]): string[] {
  if (defined.some((input) => input.name.toLowerCase() === name.toLowerCase())) return [];
  const names = defined.map((input) => input.name);
  const guess = suggest(name, names);
  const has = names.length === 0 ? "It has none." : `It has ${names.join(", ")}.`;
  const hint = guess === undefined ? has : `Did you mean '${guess}'?`;
  return [`The workflow has no input '${name}'. ${hint}`];
}
