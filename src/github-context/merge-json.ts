import type { Json, JsonObject } from "../json.ts";

/** Lays one value over another: objects are merged key by key, anything else is replaced. */
export function mergeJson(below: Json, above: Json): Json {
  if (!isJsonObject(below) || !isJsonObject(above)) return above;
  const merged: Record<string, Json> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = Object.hasOwn(below, key) ? below[key] : undefined;
    // `__proto__` in an event file is a key like any other.
    Object.defineProperty(merged, key, {
      value: old === undefined ? value : mergeJson(old, value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return merged;
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path of keys; undefined where something on the way is missing. */
export function jsonAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at = value;
  for (const key of path) at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const at = jsonAt(value, ...path);
  return typeof at === "string" && at !== "" ? at : undefined;
}
