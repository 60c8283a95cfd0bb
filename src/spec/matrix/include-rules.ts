import type { Json, JsonObject } from "../../json.ts";
import { foldCase } from "../expressions/fold-case.ts";
import { matchesFilter } from "./match-filter.ts";
import { invalid, readMappings } from "./read-mappings.ts";

/** One entry of `include`, split by whether its keys are vectors of the matrix. */
export interface IncludeRule {
  readonly all: JsonObject;
  /** Which legs it is added to: those that have these values. */
  readonly filter: JsonObject;
  /** What it adds to them. */
  readonly extra: JsonObject;
}

export function readIncludes(include: Json | undefined, vectorNames: readonly string[]): IncludeRule[] {
  const vectors = new Set(vectorNames.map(foldCase));
  return readMappings(include, "include").map((all) => {
    const entries = Object.entries(all);
    if (entries.length === 0) throw invalid("A matrix include entry must not be empty");
    const isVector = ([key]: [string, Json]) => vectors.has(foldCase(key));
    return {
      all,
      filter: Object.fromEntries(entries.filter(isVector)),
      extra: Object.fromEntries(entries.filter((entry) => !isVector(entry))),
    };
  });
}

/**
 * A leg of the product with what every fitting rule adds. Values of vectors are never overwritten, added ones are, by
 * later rules. The rules that fitted are put into `used`: an entry that fits no leg becomes a leg of its own.
 */
export function applyIncludes(
  rules: readonly IncludeRule[],
  values: JsonObject,
  used: Set<IncludeRule>,
): JsonObject {
  const result = new Map<string, [string, Json]>();
  const put = ([key, value]: [string, Json]) => {
    const folded = foldCase(key);
    result.set(folded, [result.get(folded)?.[0] ?? key, value]);
  };
  Object.entries(values).forEach(put);
  for (const rule of rules) {
    if (!matchesFilter(rule.filter, values)) continue;
    used.add(rule);
    Object.entries(rule.extra).forEach(put);
  }
  return Object.fromEntries(result.values());
}
