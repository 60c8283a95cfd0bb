import type { Job } from "../job.ts";
import type { CommandEffects } from "../output/command-effects.ts";
import { StepLog } from "../output/step-log.ts";
import type { Variables } from "../scope/env-scope.ts";

/** The log of a step, or of the runner's own work before and after the steps. */
export function openLog(job: Job, step: number, effects: CommandEffects, env: Variables): StepLog {
  const { frames, masker, matchers } = job.tools;
  const { github } = job.contexts;
  return new StepLog({
    step,
    emit: (body) => frames.emit(body),
    masker,
    matchers,
    effects,
    env,
    repository: {
      workspace: job.request.directories.workspace,
      ...(job.request.containers === undefined
        ? {}
        : { stepWorkspace: job.request.containers.stepWorkspace }),
      repository: typeof github.repository === "string" ? github.repository : "",
      serverUrl: typeof github.server_url === "string" ? github.server_url : "",
    },
    debug: job.debug,
    clock: job.clock,
  });
}

/** For logs into which no process writes. */
export const NO_EFFECTS: CommandEffects = {
  setEnv() {},
  addPath() {},
  setOutput() {},
  saveState() {},
  commandFailed() {},
};
