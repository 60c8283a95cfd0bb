import { ExecError } from "../../errors.ts";
import type { Json, JsonObject } from "../../json.ts";
import { isObject, kindOf } from "../expressions/coerce.ts";

/** The entries of `include` or `exclude`. */
export function readMappings(value: Json | undefined, key: "include" | "exclude"): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(`The matrix ${key} must be a sequence, not ${nameOf(value)}`);
  return value.map((entry: Json) => {
    if (isObject(entry)) return entry;
    throw invalid(`A matrix ${key} entry must be a mapping, not ${nameOf(entry)}`);
  });
}

export function invalid(message: string): ExecError {
  return new ExecError("InvalidSpec", message);
}

/** In words: "a sequence". */
export function nameOf(value: Json): string {
  const kind = kindOf(value);
  if (kind === "null") return "empty";
  return {
    array: "a sequence",
    object: "a mapping",
    boolean: "a boolean",
    number: "a number",
    string: "a string",
  }[kind];
}
