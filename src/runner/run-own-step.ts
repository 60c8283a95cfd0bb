import type { Job } from "./job.ts";
import type { StepLog } from "./output/step-log.ts";
import { errorMessage } from "./steps/error-message.ts";
import { NO_EFFECTS, openLog } from "./steps/open-log.ts";
import { announceEnd, announceStart, announceStep } from "./steps/step-announcer.ts";
import type { StepEnd } from "./steps/step-end.ts";

/**
 * A step of the runner's own, "Set up job" or "Complete job". What `work` throws fails it, with the message in its
 * log. Returns why it failed; undefined: it did not.
 */
export async function runOwnStep(
  job: Job,
  stage: "setup" | "complete",
  name: string,
  work: (log: StepLog) => Promise<void>,
): Promise<string | undefined> {
  const number = announceStep(job, { name, stage, action: stage, background: false });
  const startedAt = job.clock.monotonic();
  announceStart(job, number, name);
  const log = openLog(job, number, NO_EFFECTS, {});
  let error: string | undefined;
  try {
    await work(log);
  } catch (problem) {
    error = errorMessage(problem);
    log.annotate({ level: "error", message: error });
  }
  await log.close();
  const cancelled = error !== undefined && job.tools.cancellation.cause?.kind === "cancelled";
  const result: StepEnd["outcome"] = error === undefined ? "success" : cancelled ? "cancelled" : "failure";
  const end = { outcome: result, conclusion: result, number, durationMs: job.clock.monotonic() - startedAt };
  await announceEnd(job, { ...end, ...(error === undefined ? {} : { error }) });
  return error;
}
