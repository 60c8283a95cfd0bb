import { buildPlan } from "../../graph/build-plan.ts";
import type { Plan } from "../../graph/plan.ts";
import type { JobSpec, WorkflowSpec } from "../../spec/workflow-spec.ts";
import { templateText } from "./template-text.ts";

/** A job as it is drawn. */
export interface JobNode {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly string[];
  readonly runsOn: string | undefined;
  readonly matrix: string | undefined;
  readonly uses: string | undefined;
  readonly condition: string | undefined;
  readonly steps: number;
}

export interface JobGraph {
  readonly nodes: readonly JobNode[];
  readonly plan: Plan;
}

/** A spec without errors always has a plan. */
export function jobGraph(spec: WorkflowSpec): JobGraph {
  const { plan, problems } = buildPlan(spec.jobs.map(({ id, needs }) => ({ id, needs })));
  if (plan === undefined) throw new Error(problems.map(({ message }) => message).join("; "));
  return { nodes: spec.jobs.map(jobNode), plan };
}

function jobNode(job: JobSpec): JobNode {
  return {
    id: job.id,
    name: templateText(job.name) || job.id,
    needs: job.needs,
    runsOn: job.kind === "steps" ? templateText(job.runsOn) : undefined,
    matrix: job.strategy?.matrix === undefined ? undefined : templateText(job.strategy.matrix),
    uses: job.kind === "call" ? job.uses : undefined,
    condition: job.if?.source,
    steps: job.kind === "steps" ? job.steps.length : 0,
  };
}
