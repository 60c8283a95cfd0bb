import type { Json, JsonObject } from "../../json.ts";
import { isObject, isPrimitive, toNumber, toStringValue } from "./coerce.ts";
import { foldCase } from "./fold-case.ts";

/** What `.*` gives: indexing it indexes each of its items. */
export class FilteredArray extends Array<Json> {}

const foldedKeys = new WeakMap<JsonObject, Map<string, string>>();

/**
 * The value of a property, whatever the case of its name. The names of an object are folded when one is first asked
 * for in another case than it has, and remembered with the object: objects must not change afterwards.
 */
function getProperty(object: JsonObject, name: string): Json | undefined {
  if (Object.hasOwn(object, name)) return object[name];
  let keys = foldedKeys.get(object);
  if (!keys) {
    keys = new Map(Object.keys(object).map((key) => [foldCase(key), key]));
    foldedKeys.set(object, keys);
  }
  const key = keys.get(foldCase(name));
  return key === undefined ? undefined : object[key];
}

/** `value[index]`; null where there is nothing. `exact` asks for the name in its very case. */
export function indexValue(value: Json, index: Json, exact: boolean): Json {
  if (value instanceof FilteredArray) {
    const found = new FilteredArray();
    for (const item of value) {
      const inner = indexOne(item, index, false);
      if (inner !== undefined) found.push(inner);
    }
    return found;
  }
  return indexOne(value, index, exact) ?? null;
}

/** `value.*`. */
export function allValues(value: Json): FilteredArray {
  const found = new FilteredArray();
  const sources = value instanceof FilteredArray ? value : [value];
  for (const source of sources) {
    if (typeof source !== "object" || source === null) continue;
    for (const item of Object.values(source)) found.push(item as Json);
  }
  return found;
}

function indexOne(value: Json, index: Json, exact: boolean): Json | undefined {
  if (Array.isArray(value)) {
    const position = Math.floor(toNumber(index));
    return position >= 0 ? value[position] : undefined;
  }
  if (!isObject(value) || !isPrimitive(index)) return undefined;
  const name = toStringValue(index);
  if (!exact) return getProperty(value, name);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
