import type { JobFinishedFrame } from "../protocol/frame.ts";
import type { JobRequest } from "../protocol/job-request.ts";
import type { RunnerPorts } from "./runner-ports.ts";

/**
 * Runs one job to its end and says what happens in frames, the last of which it also returns. A failing job is a
 * value; this rejects only if the sink throws.
 *
 * Actions plug in by what `src/runner/actions` promises: `createActionStore(…).resolve(uses)` when a step is about to
 * run, `actionInputs` for `with`, `javascriptAction` for the process of pre, main and post, `runCheckout` and
 * `cleanUpCheckout` for the built-in checkout. Composite actions are run here, by the same loop as the job's steps.
 */
export async function runJob(_request: JobRequest, _ports: RunnerPorts): Promise<JobFinishedFrame> {
  throw new Error("not built yet");
}
