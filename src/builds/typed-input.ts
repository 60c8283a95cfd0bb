import { ExecError } from "../errors.ts";
import type { Json } from "../json.ts";
import type { InputSpec } from "../spec/workflow-spec.ts";
import { booleanOf, numberOf, textOf } from "./typed-value.ts";

/** A value as the type of its input has it. Throws `ExecError` (`InvalidSpec`) where it is of another type. */
export function typedInput(input: InputSpec, value: Json): Json {
  switch (input.type) {
    case "boolean":
      return booleanOf(value);
    case "number":
      return numberOf(value);
    case "string":
    case "environment":
      return textOf(value);
    case "choice":
      return choiceOf(input, textOf(value));
  }
}

/** What an input is that was neither given nor has a default. */
export function emptyInput(input: InputSpec): Json {
  switch (input.type) {
    case "boolean":
      return false;
    case "number":
      return 0;
    case "string":
    case "environment":
    case "choice":
      return "";
  }
}

function choiceOf(input: InputSpec, value: string): string {
  const options = input.options ?? [];
  if (options.includes(value)) return value;
  throw new ExecError("InvalidSpec", `'${value}' is not one of its options: ${options.join(", ")}`);
}
