import type { Executor, JobNeeds } from "../executors/executor.ts";
import type { Json } from "../json.ts";
import { evaluateString } from "../spec/expressions/evaluate.ts";
import type { TemplateValue } from "../spec/template/template-value.ts";
import { imagesOfSteps } from "./evaluate-placement.ts";
import { locatedError, messageOf } from "./located-error.ts";
import type { PlannedJob } from "./planned-job.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

/**
 * Why a job cannot run on an executor, with the key that asks too much and its place; undefined where it can. An
 * image that is only wished for (`.platform.yaml`) is refused where `strict`, else `onUnusedImage` is called.
 */
export function refusalOf(
  job: PlannedJob,
  executor: Executor,
  strict: boolean,
  onUnusedImage: () => void,
): string | undefined {
  const { spec, settings, workflow } = job;
  const { container, services } = settings;
  const needs = needsOf(job);
  const wished = spec.preferredImage;
  const withoutImage = wished === undefined ? undefined : executor.refuses({ ...needs, container: true });
  // In an image of its own its labels need not stand for one.
  if (wished !== undefined && withoutImage === undefined) return undefined;
  const refusal = executor.refuses(needs);
  const said = (key: string, reason: string) =>
    locatedError(workflow.spec.file, spec.at, `${key}: ${reason}`).message;
  if (refusal !== undefined) {
    if (container !== undefined) return said(`container ${container}`, refusal);
    if (services.length > 0) return said(`services ${services.join(", ")}`, refusal);
    return said(`job '${spec.id}'`, refusal);
  }
  if (wished === undefined || withoutImage === undefined) return undefined;
  if (strict) return said(`image ${wishedImage(wished, workflow)}`, withoutImage);
  onUnusedImage();
  return undefined;
}

/** What is known of a job's wishes before it is placed; the image that a step only wishes for is not among them. */
export function needsOf({ spec, settings }: PlannedJob): JobNeeds {
  const { labels, group, container, services } = settings;
  return {
    labels,
    ...(group === undefined ? {} : { group }),
    container: container !== undefined,
    services: services.length > 0,
    stepContainers: imagesOfSteps(spec.steps).length > 0,
    prefersImage: spec.preferredImage !== undefined,
  };
}

/** The images that the jobs of a workflow wish for, without repeats. */
export function wishedImages(workflow: WorkflowScope): string[] {
  const images = workflow.spec.jobs.flatMap((job) =>
    job.kind === "steps" && job.preferredImage !== undefined
      ? [wishedImage(job.preferredImage, workflow)]
      : [],
  );
  return [...new Set(images)];
}

/** For a person to read: secrets in it are hidden, a mistake in it is said in its place. */
function wishedImage(image: TemplateValue, { github, vars, secrets }: WorkflowScope): string {
  const hidden: { [name: string]: Json } = {};
  for (const name of Object.keys(secrets)) hidden[name] = "***";
  try {
    return evaluateString(image, { contexts: { github, vars, secrets: hidden } });
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}
