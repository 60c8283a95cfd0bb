import type { Job } from "../job.ts";
import { worse } from "../job-status.ts";
import type { BackgroundSteps } from "./background-steps.ts";
import { errorMessage } from "./error-message.ts";
import { NO_EFFECTS, openLog } from "./open-log.ts";
import type { PlannedControl } from "./plan-steps.ts";
import { announceEnd, announceStart } from "./step-announcer.ts";
import type { StepEnd } from "./step-end.ts";
import { continueOnError } from "./step-settings.ts";

export interface ControlStep {
  readonly planned: PlannedControl;
  readonly number: number;
  /** A `parallel` step has started with the first of its steps: when, by the monotonic clock. */
  readonly startedAt?: number;
}

/** A `wait`, `wait-all` or `cancel` step, or the end of a `parallel` one. They run however the job stands. */
export async function runControlStep(
  job: Job,
  { planned, number, ...begun }: ControlStep,
  background: BackgroundSteps,
): Promise<void> {
  const { control, name, spec } = planned;
  if (begun.startedAt === undefined) announceStart(job, number, name);
  const startedAt = begun.startedAt ?? job.clock.monotonic();
  const log = openLog(job, number, NO_EFFECTS, {});
  const ids = background.select(control.type === "wait-all" ? undefined : control.ids);
  const names = ids.map((id) => background.nameOf(id)).join(", ");
  let outcome: StepEnd["outcome"] = "success";
  switch (control.type) {
    case "wait":
    case "wait-all": {
      const all = control.type === "wait-all";
      log.line(
        names === ""
          ? "No background steps to wait for."
          : `Waiting for ${all ? "all background steps" : "background steps"} to complete: ${names}`,
      );
      await log.flush();
      outcome = await background.wait(ids);
      break;
    }
    case "cancel":
      log.line(names === "" ? "No background step to cancel." : `Cancelling background steps: ${names}`);
      await log.flush();
      await background.cancel(ids);
      break;
  }
  for (const id of ids) log.line(`  ${background.nameOf(id)}: ${background.conclusionOf(id)}`);
  let conclusion = outcome;
  let error: string | undefined;
  if (outcome === "failure") {
    error = `A background step failed: ${ids
      .filter((id) => background.conclusionOf(id) === "failure")
      .map((id) => background.nameOf(id))
      .join(", ")}`;
    try {
      if (continueOnError(spec?.continueOnError, job.scope(), job.file)) conclusion = "success";
    } catch (problem) {
      log.annotate({ level: "error", message: errorMessage(problem) });
    }
  }
  await log.close();
  const end = { outcome, conclusion, number, durationMs: job.clock.monotonic() - startedAt };
  await announceEnd(job, { ...end, ...(error === undefined ? {} : { error }) });
  if (spec?.id !== undefined) job.steps.setEnd(spec.id, outcome, conclusion);
  if (conclusion === "failure") job.status = worse(job.status, "failure");
  else if (outcome === "failure") background.forgive(ids);
}
