import type { Json, JsonObject } from "../json.ts";
import { toStringValue } from "../spec/expressions/evaluate.ts";
import type { Scope } from "../spec/expressions/scope.ts";
import { expandMatrix, type MatrixLeg } from "../spec/matrix/expand-matrix.ts";
import type { JobSpec } from "../spec/workflow-spec.ts";
import { readKey } from "./job-settings.ts";
import { booleanOf, isMapping, numberOf } from "./typed-value.ts";

export interface ExpandedStrategy {
  readonly legs: readonly StrategyLeg[];
  readonly failFast: boolean;
  /** 0: no limit. */
  readonly maxParallel: number;
}

interface StrategyLeg {
  /** The `matrix` context; null for a job without a matrix. */
  readonly matrix: Json;
  /** The `strategy` context. */
  readonly strategy: JsonObject;
  /** What stands behind the job's name; empty for a job without a matrix. */
  readonly suffix: string;
}

/** Evaluates the `strategy` of a job. Throws `ExecError` (`InvalidSpec`) with file and line. */
export function expandStrategy(spec: JobSpec, scope: Scope, file: string): ExpandedStrategy {
  const { strategy, at } = spec;
  const failFast =
    strategy?.failFast === undefined
      ? true
      : readKey("strategy.fail-fast", strategy.failFast, at, file, scope, booleanOf);
  const limit =
    strategy?.maxParallel === undefined
      ? 0
      : readKey("strategy.max-parallel", strategy.maxParallel, at, file, scope, numberOf);
  const maxParallel = Math.max(0, Math.trunc(limit));
  const expanded =
    strategy?.matrix === undefined
      ? []
      : readKey("strategy.matrix", strategy.matrix, at, file, scope, expandMatrix);
  // A matrix whose legs are all excluded is one job without a matrix, as GitHub has it.
  const legs: readonly (MatrixLeg | { values: null; suffix: "" })[] =
    expanded.length === 0 ? [{ values: null, suffix: "" }] : expanded;
  return {
    failFast,
    maxParallel,
    legs: legs.map(({ values, suffix }, index) => ({
      matrix: values,
      suffix,
      strategy: {
        "fail-fast": failFast,
        "job-index": index,
        "job-total": legs.length,
        "max-parallel": maxParallel > 0 ? maxParallel : legs.length,
      },
    })),
  };
}

/** Does a leg have one of the wanted values, for every wanted key that it has at all? */
export function matchesSelection(
  matrix: Json,
  wanted: { readonly [key: string]: readonly string[] } | undefined,
): boolean {
  if (wanted === undefined || !isMapping(matrix)) return true;
  const values = new Map(Object.entries(matrix).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.entries(wanted).every(([key, choices]) => {
    const value = values.get(key.toLowerCase());
    return value === undefined || choices.includes(textForm(value));
  });
}

function textForm(value: Json): string {
  return typeof value === "object" && value !== null ? JSON.stringify(value) : toStringValue(value);
}
