import type { ServiceJob } from "../identity/service-job.ts";
import type { StepSpec } from "../spec/workflow-spec.ts";
import { givesIdToken } from "./permission-levels.ts";
import type { PlannedJob } from "./planned-job.ts";

/** Whether a job has any use for the services: actions talk to them, and id tokens come from them. */
export function usesServices({ spec, settings }: PlannedJob): boolean {
  return givesIdToken(settings.permissions) || hasActions(spec.steps);
}

/** A job as the artifact, cache and OIDC services know it. */
export function serviceJobOf(buildId: string, job: PlannedJob, attempt: number): ServiceJob {
  const { key, spec, workflow, settings } = job;
  const { origin, github, depth } = workflow;
  const repository = origin.repository ?? github.repository;
  const ref = origin.ref ?? github.ref;
  const sha = origin.sha ?? github.sha;
  return {
    buildId,
    jobKey: key,
    attempt,
    github: { ...github, job: spec.id },
    ...(settings.permissions === undefined ? {} : { permissions: settings.permissions }),
    ...(settings.environment === undefined ? {} : { environment: settings.environment }),
    ...(depth === 1 ? {} : { jobWorkflowRef: `${repository}/${origin.file}@${ref}` }),
    ...(depth === 1 || typeof sha !== "string" ? {} : { jobWorkflowSha: sha }),
  };
}

function hasActions(steps: readonly StepSpec[]): boolean {
  return steps.some((step) => step.kind === "uses" || (step.kind === "parallel" && hasActions(step.steps)));
}
