import { referencedPaths } from "../expressions/referenced-paths.ts";
import { suggest } from "../suggest.ts";
import { type ExpressionPart, expressionsIn, type MappingToken } from "../template/token.ts";
import type { TriggerSpec } from "../workflow-spec.ts";
import type { Conversion } from "./conversion.ts";
import type { JobFacts } from "./convert-job.ts";
import type { StepFacts } from "./convert-steps.ts";
import { KNOWN_PROPERTIES, NEED_PROPERTIES, STEP_PROPERTIES } from "./known-properties.ts";
import { locatePath } from "./locate-path.ts";

/** What names stand for something at a place. Keys are in lower case; an absent set cannot be told. */
export interface ReferenceScope {
  readonly jobs?: ReadonlyMap<string, JobFacts>;
  readonly needs?: ReadonlySet<string>;
  /** All of the job's. */
  readonly steps?: readonly StepFacts[];
  /** How many of `steps` come before this place. */
  readonly stepsBefore?: number;
  readonly inputs?: ReadonlySet<string>;
  readonly matrix?: ReadonlySet<string>;
}

/**
 * Looks for names that nothing stands for: steps, needs, outputs, inputs, matrix keys, properties. GitHub gives null
 * for them and runs on, so they are warnings, here as in its editor.
 */
export function checkReferences(
  root: MappingToken,
  on: readonly TriggerSpec[],
  jobs: readonly JobFacts[],
  conversion: Conversion,
): void {
  const byId = new Map(jobs.map((job) => [job.id.toLowerCase(), job]));
  const inputs = new Set(on.flatMap((trigger) => trigger.inputs ?? []).map(({ name }) => name.toLowerCase()));
  const outside = root.entries.filter(({ key }) => key.kind !== "literal" || key.value !== "jobs");
  const workflowParts = outside
    .flatMap(({ value }) => [...expressionsIn(value)])
    .flatMap(({ parts }) => parts);
  checkParts(workflowParts, { jobs: byId, inputs }, conversion);
  for (const job of jobs) {
    const scope: ReferenceScope = {
      jobs: byId,
      needs: new Set(job.needs.map(({ value }) => value.toLowerCase())),
      inputs,
      ...(job.matrixKeys ? { matrix: job.matrixKeys } : {}),
      steps: job.steps,
    };
    checkParts(job.parts, { ...scope, stepsBefore: job.steps.length }, conversion);
    checkStepReferences(job.steps, scope, conversion);
  }
}

/** Also for the steps of a composite action. */
export function checkStepReferences(
  steps: readonly StepFacts[],
  scope: ReferenceScope,
  conversion: Conversion,
): void {
  for (const step of steps) checkParts(step.parts, { ...scope, steps, stepsBefore: step.after }, conversion);
}

export function checkParts(
  parts: readonly ExpressionPart[],
  scope: ReferenceScope,
  { diagnostics }: Conversion,
): void {
  for (const part of parts) {
    for (const path of referencedPaths(part.source)) {
      const problem = problemOf(path, scope);
      if (!problem) continue;
      const place = locatePath(part.source, path.slice(0, problem.depth)) ?? {
        start: 0,
        end: part.source.length,
      };
      const range = { start: part.offsetOf(place.start), end: part.offsetOf(place.end - 1) + 1 };
      diagnostics.warning(problem.code, range, problem.message, problem.hint);
    }
  }
}

interface ReferenceProblem {
  readonly code: string;
  /** How many names of the path to mark. */
  readonly depth: number;
  readonly message: string;
  readonly hint?: string;
}

function problemOf(path: readonly string[], scope: ReferenceScope): ReferenceProblem | undefined {
  const [context = "", name, property, output] = path;
  if (name === undefined || name === "*") return undefined;
  switch (context.toLowerCase()) {
    case "needs":
      return needProblem(name, property, output, scope);
    case "jobs":
      return jobProblem(name, property, output, scope);
    case "steps":
      return stepProblem(name, property, scope);
    case "inputs":
      return scope.inputs && unknown("unknown-input", 2, "input", name, scope.inputs);
    case "matrix":
      return scope.matrix && unknown("unknown-matrix-key", 2, "matrix key", name, scope.matrix);
    default: {
      const known = KNOWN_PROPERTIES.get(context.toLowerCase());
      return known && unknown("unknown-property", 2, `property of '${context}'`, name, known);
    }
  }
}

function needProblem(
  name: string,
  property: string | undefined,
  output: string | undefined,
  { needs, jobs }: ReferenceScope,
): ReferenceProblem | undefined {
  if (!needs) return undefined;
  if (!needs.has(name.toLowerCase())) {
    const job = jobs?.get(name.toLowerCase());
    if (!job) return unknown("unknown-need", 2, "need", name, needs);
    const message = `'${job.id}' is not among the needs of this job: its values are empty here`;
    return { code: "unknown-need", depth: 2, message, hint: `Add '${job.id}' to 'needs'` };
  }
  return outputProblem(name, property, output, jobs?.get(name.toLowerCase()));
}

function jobProblem(
  name: string,
  property: string | undefined,
  output: string | undefined,
  { jobs }: ReferenceScope,
): ReferenceProblem | undefined {
  if (!jobs) return undefined;
  const job = jobs.get(name.toLowerCase());
  return job
    ? outputProblem(name, property, output, job)
    : unknown("unknown-job", 2, "job", name, jobs.keys());
}

function outputProblem(
  name: string,
  property: string | undefined,
  output: string | undefined,
  job: JobFacts | undefined,
): ReferenceProblem | undefined {
  if (property === undefined || property === "*") return undefined;
  const wrong = unknown("unknown-property", 3, `property of the job '${name}'`, property, NEED_PROPERTIES);
  if (wrong || property.toLowerCase() !== "outputs" || output === undefined || output === "*") return wrong;
  return job?.outputs && unknown("unknown-output", 4, `output of the job '${name}'`, output, job.outputs);
}

function stepProblem(
  name: string,
  property: string | undefined,
  { steps, stepsBefore = 0 }: ReferenceScope,
): ReferenceProblem | undefined {
  if (!steps) return undefined;
  const key = name.toLowerCase();
  const index = steps.findIndex(({ id }) => id?.key === key);
  if (index < 0) {
    const ids = steps.slice(0, stepsBefore).flatMap(({ id }) => (id ? [id.written] : []));
    return unknown("unknown-step-reference", 2, "step with the id", name, ids);
  }
  if (index >= stepsBefore) {
    const message = `The step '${name}' has not run yet here: its values are empty`;
    return { code: "unknown-step-reference", depth: 2, message };
  }
  if (property === undefined || property === "*") return undefined;
  return unknown("unknown-property", 3, "property of a step", property, STEP_PROPERTIES);
}

function unknown(
  code: string,
  depth: number,
  kind: string,
  name: string,
  candidates: Iterable<string>,
): ReferenceProblem | undefined {
  const known = [...candidates];
  const lower = name.toLowerCase();
  if (known.some((candidate) => candidate.toLowerCase() === lower)) return undefined;
  const meant = suggest(name, known);
  const listed =
    known.length === 0
      ? `There is no ${kind} at all here`
      : `Known: ${known.slice(0, 20).join(", ")}${known.length > 20 ? ", …" : ""}`;
  const hint = meant === undefined ? listed : `Did you mean '${meant}'?`;
  return { code, depth, message: `There is no ${kind} '${name}': it is empty here`, hint };
}
