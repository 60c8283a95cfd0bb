import { ExecError } from "../../errors.ts";
import type { FolderAction, ResolvedAction } from "../actions/resolved-action.ts";
import type { Job } from "../job.ts";
import type { StepUnit } from "./step-unit.ts";

/** GitHub's limit: a composite action inside nine others is the last one. */
const MAX_DEPTH = 9;

export interface ResolveUnitOptions {
  readonly job: Job;
  /** The action that the step stands in. */
  readonly parent: FolderAction | undefined;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

/** What a `uses` step stands for, found out once. Throws `ExecError`. */
export async function resolveUnit(unit: StepUnit, options: ResolveUnitOptions): Promise<ResolvedAction> {
  if (unit.action !== undefined) return unit.action;
  if (unit.unresolved !== undefined) throw unit.unresolved;
  const uses = unit.spec.kind === "uses" ? unit.spec.uses : "";
  const { job, parent, signal, log } = options;
  const store = await job.actionStore();
  const action = await store.resolve(uses, {
    workspace: job.request.directories.workspace,
    signal,
    log,
    ...(parent === undefined ? {} : { parent }),
  });
  if (action.kind === "action" && action.spec.runs.using === "composite" && unit.depth >= MAX_DEPTH) {
    throw new ExecError("InvalidSpec", `Composite action depth exceeded max depth ${MAX_DEPTH}: '${uses}'.`);
  }
  unit.action = action;
  return action;
}

/** True: a step of the job may run in a container of its own. */
export function hasContainers({ request: { containers } }: Job): boolean {
  return containers !== undefined && containers.steps.kind !== "none";
}

/** Why a step that runs in a container of its own cannot. */
export function needsContainers({ request: { containers } }: Job, uses: string, place = ""): ExecError {
  const where = place === "" ? "" : `${place}: `;
  const reason =
    containers?.steps.kind === "none"
      ? `runs in a container of its own, and here none can be made for it: ${containers.steps.reason}`
      : "runs in a container and needs the docker or kubernetes executor.";
  return new ExecError("InvalidSpec", `${where}'${uses}' ${reason}`);
}
