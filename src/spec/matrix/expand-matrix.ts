import type { Json, JsonObject } from "../../json.ts";
import { isObject, toStringValue } from "../expressions/coerce.ts";
import { foldCase } from "../expressions/fold-case.ts";
import { applyIncludes, type IncludeRule, readIncludes } from "./include-rules.ts";
import { matchesFilter } from "./match-filter.ts";
import { invalid, nameOf, readMappings } from "./read-mappings.ts";

/** One job of a matrix. */
export interface MatrixLeg {
  /** The `matrix` context of this leg. */
  readonly values: JsonObject;
  /** What GitHub puts behind the job's name: `(22, linux)`; empty where the leg has no values to show. */
  readonly suffix: string;
}

/** GitHub's limit. */
const MAX_LEGS = 256;
/** Far beyond what excludes could ever bring down to `MAX_LEGS`, near enough to walk through. */
const MAX_COMBINATIONS = 100_000;

interface Vector {
  readonly name: string;
  readonly values: readonly Json[];
}

/**
 * The legs of an evaluated `strategy.matrix`, in GitHub's order: the product of the vectors, the last varying fastest,
 * then the `include` entries that fit no leg. Throws `ExecError` (`InvalidSpec`) where the matrix is malformed or has
 * more than 256 legs. The list is empty where everything is excluded; GitHub then runs the job once, with a null
 * `matrix`. (After the matrix builder in actions/runner.)
 */
export function expandMatrix(matrix: Json): MatrixLeg[] {
  if (!isObject(matrix)) throw invalid(`The matrix must be a mapping, not ${nameOf(matrix)}`);
  const vectors = readVectors(matrix);
  const excludes = readExcludes(matrix.exclude, vectors);
  const includes = readIncludes(
    matrix.include,
    vectors.map(({ name }) => name),
  );
  if (vectors.length === 0 && includes.length === 0)
    throw invalid("The matrix must define at least one vector");
  const used = new Set<IncludeRule>();
  const legs: MatrixLeg[] = [];
  for (const values of combinationsOf(vectors)) {
    if (excludes.some((exclude) => matchesFilter(exclude, values))) continue;
    addLeg(legs, applyIncludes(includes, values, used), values);
  }
  for (const include of includes) {
    if (!used.has(include)) addLeg(legs, include.all, include.all);
  }
  return legs;
}

/** `named`: the values that show in the name. What `include` adds to a leg of the product does not. */
function addLeg(legs: MatrixLeg[], values: JsonObject, named: JsonObject): void {
  if (legs.length === MAX_LEGS) throw invalid(`The matrix has more than ${MAX_LEGS} legs`);
  legs.push({ values, suffix: suffixOf(named) });
}

function readVectors(matrix: JsonObject): Vector[] {
  return Object.entries(matrix)
    .filter(([name]) => name !== "include" && name !== "exclude")
    .map(([name, values]) => {
      if (!Array.isArray(values)) {
        throw invalid(`The matrix vector '${name}' must be a sequence, not ${nameOf(values)}`);
      }
      if (values.length === 0) throw invalid(`The matrix vector '${name}' does not contain any values`);
      return { name, values };
    });
}

function readExcludes(exclude: Json | undefined, vectors: readonly Vector[]): JsonObject[] {
  const known = new Set(vectors.map(({ name }) => foldCase(name)));
  return readMappings(exclude, "exclude").map((entry) => {
    const keys = Object.keys(entry);
    if (keys.length === 0) throw invalid("A matrix exclude entry must not be empty");
    const unknown = keys.find((key) => !known.has(foldCase(key)));
    if (unknown === undefined) return entry;
    throw invalid(`The matrix exclude key '${unknown}' does not match any key within the matrix`);
  });
}

function* combinationsOf(vectors: readonly Vector[]): Generator<JsonObject> {
  if (vectors.length === 0) return;
  const size = vectors.reduce((product, { values }) => product * values.length, 1);
  if (size > MAX_COMBINATIONS)
    throw invalid(`The matrix has ${size} combinations; at most ${MAX_LEGS} can run`);
  for (let index = 0; index < size; index += 1) {
    let block = size;
    yield Object.fromEntries(
      vectors.map(({ name, values }): [string, Json] => {
        block /= values.length;
        return [name, values[Math.floor(index / block) % values.length] ?? null];
      }),
    );
  }
}

function suffixOf(values: JsonObject): string {
  const segments = scalarsIn(values).filter((segment) => segment !== "");
  return segments.length === 0 ? "" : `(${segments.join(", ")})`;
}

function scalarsIn(value: Json): string[] {
  if (typeof value !== "object" || value === null) return [toStringValue(value)];
  return Object.values(value).flatMap((item: Json) => scalarsIn(item));
}
