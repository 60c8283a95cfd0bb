import type { Executor } from "../executors/executor.ts";
import type { EndedJob } from "./build-fact.ts";
import type { BuildOptions } from "./build-options.ts";
import type { PlannedJob } from "./planned-job.ts";
import { needsOf, refusalOf } from "./refusal.ts";

/** Chooses the executor of a job, or says how the job ends without one. */
export function placeJob(
  job: PlannedJob,
  { chooseExecutor, strict }: Pick<BuildOptions, "chooseExecutor" | "strict">,
  onUnusedImage: () => void,
): { readonly executor: Executor; readonly usesImage: boolean } | { readonly end: EndedJob } {
  const needs = needsOf(job);
  const choice = chooseExecutor(needs);
  if ("skip" in choice) return { end: { outcome: "skipped", outputs: {}, reason: choice.skip } };
  if ("fail" in choice) return { end: { outcome: "failure", outputs: {}, error: choice.fail } };
  const usesImage =
    job.spec.preferredImage !== undefined && choice.refuses({ ...needs, container: true }) === undefined;
  const refusal = refusalOf(job, choice, strict === true, onUnusedImage);
  if (refusal !== undefined) return { end: { outcome: "failure", outputs: {}, error: refusal } };
  return { executor: choice, usesImage };
}
