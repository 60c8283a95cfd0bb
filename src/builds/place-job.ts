import type { Executor } from "../executors/executor.ts";
import type { EndedJob } from "./build-fact.ts";
import type { BuildOptions } from "./build-options.ts";
import type { PlannedJob } from "./planned-job.ts";
import { refusalOf } from "./refusal.ts";

/** Chooses the executor of a job, or says how the job ends without one. */
export function placeJob(
  job: PlannedJob,
  { chooseExecutor, strict }: Pick<BuildOptions, "chooseExecutor" | "strict">,
  onUnusedImage: () => void,
): { readonly executor: Executor } | { readonly end: EndedJob } {
  const { labels, group } = job.settings;
  const choice = chooseExecutor(labels, group);
  if ("skip" in choice) return { end: { outcome: "skipped", outputs: {}, reason: choice.skip } };
  if ("fail" in choice) return { end: { outcome: "failure", outputs: {}, error: choice.fail } };
  const refusal = refusalOf(job, choice, strict === true, onUnusedImage);
  if (refusal !== undefined) return { end: { outcome: "failure", outputs: {}, error: refusal } };
  return { executor: choice };
}
