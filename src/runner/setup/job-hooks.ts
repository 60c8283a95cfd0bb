import type { JobRequest } from "../../protocol/job-request.ts";
import type { RunStepSpec } from "../../spec/workflow-spec.ts";
import { type StepUnit, stepUnits } from "../steps/step-unit.ts";

export interface JobHook {
  readonly unit: StepUnit;
  readonly name: string;
}

/**
 * Scripts that the machine's owner has run around every job: `ACTIONS_RUNNER_HOOK_JOB_STARTED` before its first step,
 * `ACTIONS_RUNNER_HOOK_JOB_COMPLETED` after its last. They are read from the machine's environment, never from the
 * pipeline's; one that fails fails the job.
 */
export function jobHooks({ baseEnv }: JobRequest): {
  readonly started?: JobHook;
  readonly completed?: JobHook;
} {
  const { ACTIONS_RUNNER_HOOK_JOB_STARTED: started, ACTIONS_RUNNER_HOOK_JOB_COMPLETED: completed } = baseEnv;
  return {
    ...(started ? { started: hook("Set up runner", started) } : {}),
    ...(completed ? { completed: hook("Complete runner", completed) } : {}),
  };
}

function hook(name: string, path: string): JobHook {
  const spec: RunStepSpec = {
    kind: "run",
    name,
    run: `exec bash -e '${path.replaceAll("'", `'\\''`)}'`,
    // The job's own settings are no business of the machine's owner.
    shell: "bash",
    workingDirectory: ".",
    background: false,
    at: { line: 1, column: 1 },
  };
  const [unit] = stepUnits([spec], 0);
  if (unit === undefined) throw new Error("A hook is one step");
  return { unit, name };
}
