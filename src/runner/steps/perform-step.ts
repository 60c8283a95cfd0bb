import { errorMessage, isCancellation } from "./error-message.ts";
import { runAction } from "./run-action.ts";
import { runScript } from "./run-script.ts";
import type { StepEnd } from "./step-end.ts";
import type { StepExecution } from "./step-execution.ts";
import { continueOnError, timeoutMinutes } from "./step-settings.ts";

/** Timers of Node count in 32 bits: a longer one would go off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Runs a step whose condition holds and whose log is open, to its end, whatever that is. Never rejects. */
export async function performStep(step: StepExecution): Promise<StepEnd> {
  const { job, place } = step;
  const { cancellation } = job.tools;
  const kill = () => step.interrupt("cancelled");
  cancellation.killed.addEventListener("abort", kill, { once: true });
  // A cancel of the job asks each step inside an action by itself; a timeout or a `cancel` step ends them all.
  const unlink = place.enclosing?.execution.onInterrupt((interruption) => {
    if (interruption !== "cancelled") step.interrupt(interruption);
  });
  let minutes = 0;
  let takeBackTimeout = () => {};
  step.log.debug(`Starting: ${step.name}`);
  try {
    minutes = timeoutMinutes(place.unit.spec.timeoutMinutes, step.scope, step.file);
    const timeoutMs = minutes * 60_000;
    if (timeoutMs > 0 && timeoutMs <= LONGEST_TIMER_MS) {
      takeBackTimeout = job.clock.after(timeoutMs, () => step.interrupt("timeout"));
    }
    await runBody(step);
  } catch (error) {
    if (step.interruption !== undefined && isCancellation(error)) step.cutShort();
    else step.fail(errorMessage(error));
  } finally {
    takeBackTimeout();
    unlink?.();
    cancellation.killed.removeEventListener("abort", kill);
  }
  if (step.cut) endCut(step, minutes);
  const end = conclude(step);
  step.log.debug(`Finishing: ${step.name}`);
  return end;
}

function runBody(step: StepExecution): Promise<void> {
  const { spec } = step.place.unit;
  return spec.kind === "run" ? runScript(step, spec) : runAction(step, spec, performStep);
}

function endCut(step: StepExecution, minutes: number): void {
  const { name } = step;
  if (step.interruption !== "timeout") {
    // Ended by a `cancel` step: that is what the pipeline asked for, and no mistake to point at.
    if (step.interruption === "stopped") step.log.line("Stopped by a cancel step.");
    else step.log.annotate({ level: "error", message: "The operation was canceled." });
    step.endAsCut("cancelled");
    return;
  }
  step.endAsCut("failure");
  // The step that uses the action around this one says the same with its own name.
  if (step.place.enclosing === undefined)
    step.fail(`The action '${name}' has timed out after ${minutes} minutes.`);
}

function conclude(step: StepExecution): StepEnd {
  const outcome = step.status;
  if (outcome !== "failure") return { outcome, conclusion: outcome };
  try {
    const goesOn = continueOnError(step.place.unit.spec.continueOnError, step.scope, step.file);
    return { outcome, conclusion: goesOn ? "success" : "failure" };
  } catch (error) {
    step.fail(errorMessage(error));
    return { outcome, conclusion: "failure" };
  }
}
