import type { Json, JsonObject } from "../../json.ts";
import { formatNumber } from "./format-number.ts";
import { parseNumber } from "./parse-number.ts";

export type ValueKind = "null" | "boolean" | "number" | "string" | "array" | "object";

export function kindOf(value: Json): ValueKind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "boolean" | "number" | "string" | "object";
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isPrimitive(value: Json): value is null | boolean | number | string {
  return typeof value !== "object" || value === null;
}

/** False are null, false, 0, NaN and the empty string; everything else is true. */
export function isTruthy(value: Json): boolean {
  return Boolean(value);
}

/** GitHub's coercion to a string: null is empty, a mapping is `Object`, a sequence `Array`. */
export function toStringValue(value: Json): string {
  switch (kindOf(value)) {
    case "null":
      return "";
    case "number":
      return formatNumber(value as number);
    case "array":
      return "Array";
    case "object":
      return "Object";
    case "boolean":
    case "string":
      return String(value);
  }
}

/** GitHub's coercion to a number: as JavaScript's for scalars, NaN for the rest. */
export function toNumber(value: Json): number {
  switch (kindOf(value)) {
    case "null":
      return 0;
    case "string":
      return parseNumber(value as string);
    case "boolean":
    case "number":
      return Number(value);
    case "array":
    case "object":
      return Number.NaN;
  }
}
