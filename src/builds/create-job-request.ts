import { type JobRequest, type JobServices, PROTOCOL_VERSION } from "../protocol/job-request.ts";
import type { JobEnvironment } from "./build-options.ts";
import { evaluatePlacement } from "./evaluate-placement.ts";
import type { PlannedJob } from "./planned-job.ts";

export interface JobRequestParts {
  readonly buildId: string;
  readonly job: PlannedJob;
  /** Counted from 1. */
  readonly attempt: number;
  readonly environment: JobEnvironment;
  readonly services: JobServices | undefined;
  /** `GITHUB_TOKEN`. */
  readonly token: string | undefined;
  /** See `PlacementFacts`. */
  readonly usesImage: boolean;
  /** Nobody sees the workspace but the runner: it keeps the artifacts of a `.platform.yaml` itself. */
  readonly collects: boolean;
}

/** What a runner is told about a planned job. Throws `ExecError` (`InvalidSpec`) for a container that cannot be evaluated. */
export function createJobRequest(parts: JobRequestParts): JobRequest {
  const { buildId, job, attempt, environment, services, token, usesImage, collects } = parts;
  const { key, name, spec, workflow, needs, strategy, matrix, settings } = job;
  const { masks = [], ...place } = environment;
  return {
    protocolVersion: PROTOCOL_VERSION,
    buildId,
    jobKey: key,
    jobId: spec.id,
    displayName: name,
    attempt,
    contexts: {
      github: { ...workflow.github, job: spec.id, ...(token === undefined ? {} : { token }) },
      vars: workflow.vars,
      needs,
      strategy,
      matrix,
      inputs: workflow.inputs,
      secrets: token === undefined ? workflow.secrets : { ...workflow.secrets, github_token: token },
    },
    env: [workflow.spec.env, spec.env].filter((env) => env !== undefined),
    defaults: [workflow.spec.defaults, spec.defaults].filter((defaults) => defaults !== undefined),
    steps: spec.steps,
    ...(spec.outputs === undefined ? {} : { outputs: spec.outputs }),
    ...(settings.environmentUrl === undefined ? {} : { environmentUrl: settings.environmentUrl }),
    timeoutMs: settings.timeoutMs,
    cancelTimeoutMs: settings.cancelTimeoutMs,
    masks,
    ...place,
    ...(workflow.spec.workspace === "shared" ? { checkout: { ...place.checkout, shared: true } } : {}),
    ...(services === undefined ? {} : { services }),
    ...(collects && spec.collect !== undefined ? { collect: spec.collect } : {}),
    placement: evaluatePlacement({ job, usesImage, token, runner: environment.runner }),
  };
}
