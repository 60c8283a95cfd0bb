import { ExecError } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isTruthy, toStringValue } from "../spec/expressions/evaluate.ts";

/** Values of keys with a type, as strict as GitHub: `'true'` is no boolean, `'5'` no number. They throw `ExecError`. */
export function booleanOf(value: Json): boolean {
  return typeof value === "boolean" ? value : unexpected(value, "a boolean");
}

export function numberOf(value: Json): number {
  return typeof value === "number" ? value : unexpected(value, "a number");
}

/** Any scalar, as GitHub turns it into a string. */
export function textOf(value: Json): string {
  return typeof value === "object" && value !== null ? unexpected(value, "a string") : toStringValue(value);
}

export function mappingOf(value: Json): JsonObject {
  return isMapping(value) ? value : unexpected(value, "a mapping");
}

export function isMapping(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unexpected(value: Json, expected: string): never {
  const shown = typeof value === "object" && isTruthy(value) ? JSON.stringify(value) : toStringValue(value);
  throw new ExecError("InvalidSpec", `Unexpected value '${shown}': expected ${expected}`);
}
