/** What a build machine remembers: workflows being run, their jobs, and the legs those became. */
import { buildPlan } from "../graph/build-plan.ts";
import { Frontier } from "../graph/frontier.ts";
import type { Json, JsonObject } from "../json.ts";
import type { JobSpec } from "../spec/workflow-spec.ts";
import type { Conclusion } from "../status.ts";
import type { JobSettings } from "./planned-job.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

/** One workflow being run: the top one, or one that a leg of a job calls. */
export interface WorkflowRun {
  readonly scope: WorkflowScope;
  /** The leg that calls it. */
  readonly caller: JobLeg | undefined;
  readonly jobs: readonly JobNode[];
  /** By id in lower case. */
  readonly byId: ReadonlyMap<string, JobNode>;
  readonly frontier: Frontier;
  unfinished: number;
  /** `group`: it waits for its own concurrency group, and none of its jobs has started. */
  state: "group" | "running" | "ended";
  holdsGroup: boolean;
  /** Its jobs run on only where their `if` says so. */
  cancelled: string | undefined;
  /** Jobs that were expanded and have not ended. */
  readonly active: Set<JobNode>;
}

/** A job as its file has it. */
export interface JobNode {
  readonly run: WorkflowRun;
  readonly spec: JobSpec;
  readonly key: string;
  readonly needs: readonly JobNode[];
  /** The name it was added with. */
  readonly name: string;
  readonly kind: "job" | "group";
  /** An ancestor failed; an ancestor did not succeed. Settled once all needs have ended. */
  ancestorFailed: boolean;
  ancestorUnsuccessful: boolean;
  legs: readonly JobLeg[];
  /** Index of the next leg that may begin, legs that have begun and not ended, legs that have ended. */
  nextLeg: number;
  running: number;
  endedLegs: number;
  maxParallel: number;
  failFast: boolean;
  /** Why its remaining legs do not run. */
  cancelled: string | undefined;
  outputs: { readonly [name: string]: string };
  /** How it ended: what `needs` shows of it. */
  ended:
    | { readonly result: Conclusion; readonly outcome: Conclusion; readonly context: JsonObject }
    | undefined;
}

/** One of the jobs a matrix makes, or the one of a job without a matrix. */
export interface JobLeg {
  readonly node: JobNode;
  readonly key: string;
  readonly name: string;
  readonly matrix: Json;
  readonly strategy: JsonObject;
  readonly needs: JsonObject;
  /** Only a job with steps. */
  settings: JobSettings | undefined;
  state: "waiting" | "group" | "loading" | "running" | "ended";
  /** It counts, or counted, towards `max-parallel`. */
  begun: boolean;
  holdsGroup: boolean;
  /** What it calls, once that is loaded. */
  called: WorkflowRun | undefined;
  outcome: Conclusion;
  result: Conclusion;
}

/** Makes the nodes of a workflow; `problems` says why it has no plan. `name` gives the name a job is added with. */
export function createWorkflowRun(
  scope: WorkflowScope,
  specs: readonly JobSpec[],
  caller: JobLeg | undefined,
  name: (spec: JobSpec) => string,
): { readonly run?: WorkflowRun; readonly problems: readonly string[] } {
  const ids = new Map(specs.map(({ id }) => [id.toLowerCase(), id]));
  const canonical = (id: string) => ids.get(id.toLowerCase()) ?? id;
  const planned = buildPlan(specs.map(({ id, needs }) => ({ id, needs: needs.map(canonical) })));
  const { plan } = planned;
  if (plan === undefined) return { problems: planned.problems.map(({ message }) => message) };

  const byId = new Map<string, JobNode>();
  const jobs: JobNode[] = [];
  const run: WorkflowRun = {
    scope,
    caller,
    jobs,
    byId,
    frontier: new Frontier(plan),
    unfinished: specs.length,
    state: "running",
    holdsGroup: false,
    cancelled: undefined,
    active: new Set(),
  };
  const needsOf = new Map<JobNode, JobNode[]>();
  for (const spec of specs) {
    const needs: JobNode[] = [];
    const node: JobNode = {
      run,
      spec,
      key: caller === undefined ? spec.id : `${caller.key}/${spec.id}`,
      needs,
      name: caller === undefined ? name(spec) : `${caller.name} / ${name(spec)}`,
      kind: spec.kind === "call" || spec.strategy?.matrix !== undefined ? "group" : "job",
      ancestorFailed: false,
      ancestorUnsuccessful: false,
      legs: [],
      nextLeg: 0,
      running: 0,
      endedLegs: 0,
      maxParallel: 0,
      failFast: true,
      cancelled: undefined,
      outputs: {},
      ended: undefined,
    };
    jobs.push(node);
    byId.set(spec.id.toLowerCase(), node);
    needsOf.set(node, needs);
  }
  for (const [node, needs] of needsOf) {
    for (const id of plan.needs(node.spec.id)) {
      const need = byId.get(id.toLowerCase());
      if (need !== undefined) needs.push(need);
    }
  }
  return { run, problems: [] };
}

/** The calling legs around a workflow, the innermost first. */
export function* callersOf(run: WorkflowRun): Generator<JobLeg> {
  for (let leg = run.caller; leg !== undefined; leg = leg.node.run.caller) yield leg;
}
