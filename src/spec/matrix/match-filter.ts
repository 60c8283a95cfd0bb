import type { Json, JsonObject } from "../../json.ts";
import { isEqual } from "../expressions/compare.ts";
import { indexValue } from "../expressions/index-value.ts";

/**
 * Does a combination have every scalar of an `include` or `exclude` entry at the same place? What the entry does not
 * name does not matter, however deep. Scalars compare as with `==`: `12` is `'12'`, `Linux` is `linux`.
 */
export function matchesFilter(filter: JsonObject, values: JsonObject): boolean {
  return matches(filter, values);
}

function matches(filter: Json, value: Json): boolean {
  if (typeof filter !== "object" || filter === null) return isEqual(value, filter);
  return Object.entries(filter).every(([key, inner]: [string, Json]) =>
    matches(inner, indexValue(value, key, false)),
  );
}
