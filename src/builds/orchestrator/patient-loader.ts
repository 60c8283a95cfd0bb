import { ExecError } from "../../errors.ts";
import type { BuildClock } from "../build-clock.ts";
import type { LoadWorkflow } from "../load-workflow.ts";
import type { InfrastructureRetry } from "./run-parts.ts";

/** The same loader, asked again, by the policy for lost places, while what it reads from cannot be reached. */
export function patientLoader(
  load: LoadWorkflow,
  { limit, delayMs }: InfrastructureRetry,
  clock: Pick<BuildClock, "wait">,
): LoadWorkflow {
  return async (uses, from, signal) => {
    for (let attempt = 2; ; attempt++) {
      try {
        return await load(uses, from, signal);
      } catch (error) {
        const passes = error instanceof ExecError && error.retryable;
        if (!passes || attempt > limit + 1 || signal.aborted) throw error;
        await clock.wait(delayMs(attempt), signal);
      }
    }
  };
}
