import type { Store } from "../../store/store.ts";
import type { BuildView } from "./executor-service.ts";

/**
 * A build with all that belongs to it, at least as new as its version says. Jobs that a re-run did not run again come
 * with the steps of the attempt that did.
 */
export async function viewBuild(
  buildId: string,
  store: Pick<Store, "builds" | "approvals">,
): Promise<BuildView> {
  // First: what is read after it can only be newer.
  const build = await store.builds.get(buildId);
  const [jobs, own, approvals, annotations, warnings] = await Promise.all([
    store.builds.jobs(buildId),
    store.builds.steps(buildId),
    store.approvals.list(buildId),
    store.builds.annotations(buildId),
    store.builds.warnings(buildId),
  ]);
  const carried = jobs.flatMap(({ carriedFrom }) => (carriedFrom === undefined ? [] : [carriedFrom]));
  const carriedSteps = await Promise.all(carried.map((jobId) => store.builds.stepsOfJob(jobId)));
  return { build, jobs, steps: [...own, ...carriedSteps.flat()], approvals, annotations, warnings };
}
