import { compilePattern } from "./filter-pattern.ts";

/**
 * Which of the names a list of patterns selects: patterns are asked in their order, and the last that matches a name
 * decides, so that `!` takes out what an earlier pattern let in and a later one may bring it back.
 */
export function selectNames(patterns: readonly string[], names: readonly string[]): string[] {
  const compiled = patterns.map(compilePattern);
  return names.filter((name) => {
    const decisive = compiled.findLast((pattern) => pattern.matches(name));
    return decisive !== undefined && !decisive.negative;
  });
}
