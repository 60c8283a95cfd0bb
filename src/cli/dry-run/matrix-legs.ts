import type { JsonObject } from "../../json.ts";
import { evaluateTemplate, toStringValue } from "../../spec/expressions/evaluate.ts";
import { expandMatrix } from "../../spec/matrix/expand-matrix.ts";
import type { JobSpec } from "../../spec/workflow-spec.ts";
import { parseMatrixFilter } from "../settings/name-value.ts";

export interface MatrixScope {
  readonly github: JsonObject;
  readonly inputs: JsonObject;
  readonly vars: { readonly [name: string]: string };
  /** --matrix. */
  readonly matrix: readonly string[];
}

/** The legs of a job's matrix that would run, or why they cannot be told yet; undefined where it has no matrix. */
export function matrixLegs(
  job: JobSpec,
  { github, inputs, vars, matrix }: MatrixScope,
): { readonly suffixes: readonly string[] } | { readonly reason: string } | undefined {
  const template = job.strategy?.matrix;
  if (template === undefined) return undefined;
  if (usesNeeds(template)) return { reason: "known once the jobs it needs have run" };
  const filter = Object.entries(parseMatrixFilter(matrix));
  try {
    const legs = expandMatrix(evaluateTemplate(template, { contexts: { github, inputs, vars } }));
    const wanted = legs.filter(({ values }) =>
      filter.every(([key, allowed]) => {
        const value = values[key];
        return value === undefined || allowed.includes(toStringValue(value));
      }),
    );
    return { suffixes: wanted.map(({ suffix }) => suffix) };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

function usesNeeds(template: unknown): boolean {
  return /"source":"(?:[^"\\]|\\.)*\bneeds\b/.test(JSON.stringify(template));
}
