import { toStringValue } from "../expressions/coerce.ts";
import { type Token, textEntries, textOf, textsOf } from "../template/token.ts";
import type { InputSpec, InputType, OutputSpec, SecretSpec } from "../workflow-spec.ts";
import { type Conversion, Fields } from "./conversion.ts";

/** `inputs` of `workflow_dispatch` and `workflow_call`. */
export function convertInputs(token: Token | undefined, conversion: Conversion): InputSpec[] {
  return textEntries(token).map(({ name, key, value }) => {
    const fields = new Fields(value, conversion);
    const type = (textOf(fields.get("type")) ?? "string") as InputType;
    const input = {
      name,
      type,
      ...fields.text("description", "description"),
      required: fields.boolean("required") ?? false,
      ...fields.template("default", "default"),
      ...(fields.has("options")
        ? { options: textsOf(fields.get("options")).map((option) => option.value) }
        : {}),
    };
    checkOptions(input, fields, key, conversion);
    checkDefault(input, fields.get("default"), conversion);
    return input;
  });
}

function checkOptions(input: InputSpec, fields: Fields, key: Token, { diagnostics }: Conversion): void {
  if (input.type === "choice" && !input.options?.length) {
    const at = fields.key("options") ?? key;
    diagnostics.error("bad-input", at, `The input '${input.name}' is a choice without 'options'`);
  }
  if (input.type !== "choice" && input.options) {
    const at = fields.key("options") ?? key;
    const message = `The input '${input.name}' has 'options', but is a ${input.type}`;
    diagnostics.error("bad-input", at, message, "Add 'type: choice'");
  }
}

function checkDefault(input: InputSpec, token: Token | undefined, { diagnostics }: Conversion): void {
  if (token?.kind !== "literal" || token.bad) return;
  const { type, name, options } = input;
  const text = toStringValue(token.value);
  const wrong =
    (type === "boolean" && typeof token.value !== "boolean" && text !== "true" && text !== "false") ||
    (type === "number" && (text.trim() === "" || Number.isNaN(Number(text))));
  if (wrong) {
    diagnostics.error("bad-input", token, `The default '${text}' of the input '${name}' is no ${type}`);
  }
  if (type === "choice" && options?.length && !options.includes(text)) {
    const message = `The default '${text}' of the input '${name}' is not among its options`;
    diagnostics.error("bad-input", token, message, `Options: ${options.join(", ")}`);
  }
}

/** `secrets` of `workflow_call`. */
export function convertSecrets(token: Token | undefined, conversion: Conversion): SecretSpec[] {
  return textEntries(token).map(({ name, value }) => {
    const fields = new Fields(value, conversion);
    return {
      name,
      ...fields.text("description", "description"),
      required: fields.boolean("required") ?? false,
    };
  });
}

/** `outputs` of `workflow_call`. */
export function convertOutputs(token: Token | undefined, conversion: Conversion): OutputSpec[] {
  return textEntries(token).map(({ name, value }) => {
    const fields = new Fields(value, conversion);
    return {
      name,
      ...fields.text("description", "description"),
      value: null,
      ...fields.template("value", "value"),
    };
  });
}
