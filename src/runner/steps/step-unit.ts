import type { RunStepSpec, UsesStepSpec } from "../../spec/workflow-spec.ts";
import type { ResolvedAction } from "../actions/resolved-action.ts";
import { StepsContext } from "../scope/steps-context.ts";

/**
 * One `run` or `uses` step of a job or of one use of a composite action. It lives as long as the job: what it saves in
 * pre or main is there in post, and two steps of the same id in different actions never share anything.
 */
export interface StepUnit {
  readonly spec: RunStepSpec | UsesStepSpec;
  /** The step's id, or a made-up one that starts with two underscores: `github.action`. */
  readonly id: string;
  /** Uses of actions around this one; 0 for a step of the workflow. */
  readonly depth: number;
  readonly state: Record<string, string>;
  /** What `uses` stands for, once it is known. */
  action?: ResolvedAction;
  /** Why it could not be found out before the job's first step; told when the step's turn comes. */
  unresolved?: unknown;
  /** Of a composite action, once it is resolved. */
  inner?: { readonly units: readonly StepUnit[]; readonly steps: StepsContext };
  hasPost: boolean;
}

/** Gives every step an id: its own, else `__run`, `__run_2`, `__actions_checkout`, … as GitHub does. */
export function stepUnits(specs: readonly (RunStepSpec | UsesStepSpec)[], depth: number): StepUnit[] {
  const taken = new Set(specs.map(({ id }) => id ?? ""));
  return specs.map((spec) => ({
    spec,
    id: spec.id ?? madeUpId(spec, taken),
    depth,
    state: {},
    hasPost: false,
  }));
}

/** False: nobody can name the step, so it stands in no `steps` context. */
export function hasOwnId(unit: StepUnit): boolean {
  return unit.spec.id !== undefined;
}

/** The steps inside a composite action's unit; made once. */
export function innerOf(unit: StepUnit): NonNullable<StepUnit["inner"]> {
  if (unit.inner !== undefined) return unit.inner;
  const runs = unit.action?.kind === "action" ? unit.action.spec.runs : undefined;
  const specs = runs?.using === "composite" ? runs.steps : [];
  const runnable = specs.filter((spec) => spec.kind === "run" || spec.kind === "uses");
  unit.inner = { units: stepUnits(runnable, unit.depth + 1), steps: new StepsContext() };
  return unit.inner;
}

function madeUpId(spec: RunStepSpec | UsesStepSpec, taken: Set<string>): string {
  const base = `__${spec.kind === "run" ? "run" : usesName(spec.uses)}`.slice(0, 96);
  let id = base;
  for (let attempt = 2; taken.has(id); attempt++) id = `${base}_${attempt}`;
  taken.add(id);
  return id;
}

function usesName(uses: string): string {
  if (/^[.$][/\\]/.test(uses)) return "self";
  const name = uses.replace(/^docker:\/\//, "").replace(/@.*$/, "");
  return name.replace(/[^A-Za-z0-9_-]/g, "_") || "action";
}
