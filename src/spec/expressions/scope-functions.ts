import type { Json } from "../../json.ts";
import { type Arguments, BUILT_IN_FUNCTIONS } from "./built-in-functions.ts";
import { toStringValue } from "./coerce.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { Scope } from "./scope.ts";

export type ScopeFunction = (args: Arguments, budget: MemoryBudget) => Json;

/** The function of this name (in any case) in a scope; undefined: there is none. */
export function findFunction(name: string, scope: Scope): ScopeFunction | undefined {
  const lower = name.toLowerCase();
  const builtIn = BUILT_IN_FUNCTIONS.get(lower);
  if (builtIn) return builtIn.call;
  const { status, hashFiles } = scope;
  if (lower === "hashfiles") return hashFiles && ((args) => hashFiles(textsOf(args)));
  if (!status) return undefined;
  switch (lower) {
    case "always":
      return () => true;
    case "success":
      return (args) => status.success(textsOf(args));
    case "failure":
      return (args) => status.failure(textsOf(args));
    case "cancelled":
      return () => status.cancelled();
    default:
      return undefined;
  }
}

function textsOf(args: Arguments): string[] {
  return Array.from({ length: args.count }, (_, index) => toStringValue(args.at(index)));
}
