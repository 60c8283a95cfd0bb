import type { Json } from "../../json.ts";
import type { FolderAction } from "../actions/resolved-action.ts";
import { cannotBuild } from "../containers/cannot-build.ts";
import type { Job } from "../job.ts";
import { hasContainers, needsContainers, resolveUnit } from "../steps/resolve-unit.ts";
import { innerOf, type StepUnit } from "../steps/step-unit.ts";
import { type Foresight, foresee } from "./foresee.ts";

/**
 * Finds out before the first step what can be known of the job's actions: their `pre` must run first, and what needs
 * containers is refused before anything runs.
 *
 * A step whose `if` can never hold is left alone, and so are local actions, which a checkout has yet to bring. Where
 * an action cannot be had, the job ends here, as on GitHub, if the step is sure to run; else the step itself fails,
 * when its turn comes and its condition holds. Throws `ExecError`.
 */
export async function prepareActions(
  job: Job,
  units: readonly StepUnit[],
  log: (line: string) => void,
): Promise<void> {
  const settled = job.settledContexts();
  const wanted = units
    .map((unit) => ({ unit, foresight: foresee(unit.spec.if, settled) }))
    .filter(({ unit, foresight }) => isRemote(unit) && foresight !== "never");
  if (!hasContainers(job)) for (const { unit } of wanted) refuseImages(job, unit);
  if (wanted.length === 0) return;
  log("Prepare all required actions");
  const { github, strategy, matrix, runner } = settled;
  const known = { github, strategy, matrix, runner } as { readonly [name: string]: Json };
  await Promise.all(
    wanted.map(({ unit, foresight }) => prepare({ job, root: unit, known, log }, unit, foresight, undefined)),
  );
}

interface Preparation {
  readonly job: Job;
  /** The step of the workflow that this is for. */
  readonly root: StepUnit;
  /** What steps inside actions can know: their inputs come later. */
  readonly known: { readonly [name: string]: Json };
  readonly log: (line: string) => void;
}

async function prepare(
  preparation: Preparation,
  unit: StepUnit,
  foresight: Foresight,
  parent: FolderAction | undefined,
): Promise<void> {
  const { job, root, known, log } = preparation;
  const signal = job.tools.cancellation.requested;
  try {
    await resolveUnit(unit, { job, parent, signal, log });
  } catch (error) {
    if (foresight === "unless-failed" || signal.aborted) throw error;
    unit.unresolved = error;
    return;
  }
  const { action } = unit;
  if (action === undefined || action.kind === "checkout") return;
  if (action.kind === "docker" || action.spec.runs.using === "docker") {
    if (!hasContainers(job)) throw refusal(job, root, unit);
    refuseBuild(job, root, unit);
    return;
  }
  if (action.spec.runs.using !== "composite") return;
  const inner = innerOf(unit).units.filter(isRemote);
  await Promise.all(
    inner.map(async (child) => {
      const childForesight = foresee(child.spec.if, known);
      // Inside an action nothing is sure to run: the step that uses it may itself not.
      if (childForesight !== "never") await prepare(preparation, child, "unknown", action);
    }),
  );
}

function isRemote({ spec }: StepUnit): boolean {
  return spec.kind === "uses" && !/^\.[/\\]/.test(spec.uses.trim());
}

function refuseImages(job: Job, unit: StepUnit): void {
  if (unit.spec.kind === "uses" && /^docker:\/\//i.test(unit.spec.uses)) throw refusal(job, unit, unit);
}

/** What has to stand in a pod before the job starts cannot be built in it. */
function refuseBuild(job: Job, root: StepUnit, unit: StepUnit): void {
  const { action } = unit;
  const runs = action?.kind === "action" ? action.spec.runs : undefined;
  if (job.request.containers?.steps.kind !== "gated" || runs?.using !== "docker") return;
  if (/^docker:\/\//i.test(runs.image)) return;
  throw cannotBuild(usesOf(unit), placeOf(job, root));
}

function refusal(job: Job, root: StepUnit, unit: StepUnit): Error {
  return needsContainers(job, usesOf(unit), placeOf(job, root));
}

function usesOf({ spec }: StepUnit): string {
  return spec.kind === "uses" ? spec.uses : "";
}

function placeOf(job: Job, root: StepUnit): string {
  const { line, column } = root.spec.at;
  return `${job.file} (Line: ${line}, Col: ${column})`;
}
