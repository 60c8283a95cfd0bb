import type { Executor } from "../executors/executor.ts";
import { locatedError } from "./located-error.ts";
import type { PlannedJob } from "./planned-job.ts";

/**
 * Why a job cannot run on an executor, with the key that asks too much and its place; undefined where it can. An
 * image that is only wished for (`.platform.yaml`) is refused where `strict`, else told by `onUnusedImage`.
 */
export function refusalOf(
  job: PlannedJob,
  executor: Executor,
  strict: boolean,
  onUnusedImage: (image: string) => void,
): string | undefined {
  const { spec, settings, workflow } = job;
  const { labels, container, services } = settings;
  const needs = { labels, container: container !== undefined, services: services.length > 0 };
  const refusal = executor.refuses(needs);
  const said = (key: string, reason: string) =>
    locatedError(workflow.spec.file, spec.at, `${key}: ${reason}`).message;
  if (refusal !== undefined) {
    if (container !== undefined) return said(`container ${container} of job '${spec.id}'`, refusal);
    if (services.length > 0) return said(`services ${services.join(", ")} of job '${spec.id}'`, refusal);
    return said(`job '${spec.id}'`, refusal);
  }
  const image = settings.preferredImage;
  if (image === undefined) return undefined;
  const unused = executor.refuses({ ...needs, container: true });
  if (unused === undefined) return undefined;
  if (strict) return said(`image ${image} of step '${spec.id}'`, unused);
  onUnusedImage(image);
  return undefined;
}
