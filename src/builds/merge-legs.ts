import type { Conclusion } from "../status.ts";

/** How several jobs ended as one: a failure above all, then a cancel; skipped only where all were. */
export function worstOf(conclusions: readonly Conclusion[]): Conclusion {
  if (conclusions.includes("failure")) return "failure";
  if (conclusions.includes("cancelled")) return "cancelled";
  return conclusions.length > 0 && conclusions.every((each) => each === "skipped") ? "skipped" : "success";
}

/** Outputs of legs in the order they end: the last value that is not empty wins, as on GitHub. */
export function mergedOutputs(
  earlier: { readonly [name: string]: string },
  later: { readonly [name: string]: string },
): { [name: string]: string } {
  const merged = { ...earlier };
  for (const [name, value] of Object.entries(later)) {
    if (value !== "" || merged[name] === undefined) merged[name] = value;
  }
  return merged;
}
