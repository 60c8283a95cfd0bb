import type { Json, JsonObject } from "../../json.ts";

/** One job of a matrix. */
export interface MatrixLeg {
  /** The `matrix` context of this leg. */
  readonly values: JsonObject;
  /** What GitHub puts behind the job's name: `(22, linux)`; empty where the leg has no values to show. */
  readonly suffix: string;
}

/**
 * The legs of an evaluated `strategy.matrix`, in GitHub's order. Throws `ExecError` (`InvalidSpec`) where the matrix
 * is malformed or has more than 256 legs. A matrix without a single leg gives an empty list.
 */
export function expandMatrix(_matrix: Json): MatrixLeg[] {
  return [];
}
