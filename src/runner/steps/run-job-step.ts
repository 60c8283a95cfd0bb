import type { ConditionSpec } from "../../spec/workflow-spec.ts";
import type { ActionStage } from "../actions/javascript-action.ts";
import type { Job } from "../job.ts";
import { worse } from "../job-status.ts";
import { type Check, checkStep, interruptOnCancel } from "./check-step.ts";
import { commandEffectsOf } from "./command-effects-of.ts";
import { displayName } from "./display-name.ts";
import { errorMessage } from "./error-message.ts";
import { openLog } from "./open-log.ts";
import { performStep } from "./perform-step.ts";
import { announceEnd, announceStart } from "./step-announcer.ts";
import { FAILED, SKIPPED, type StepEnd } from "./step-end.ts";
import { StepExecution } from "./step-execution.ts";
import { hasOwnId, type StepUnit } from "./step-unit.ts";

export interface JobStep {
  readonly unit: StepUnit;
  readonly stage: ActionStage;
  readonly number: number;
  readonly name: string;
  readonly condition: ConditionSpec | undefined;
}

/** Takes up one step of the job: skips it, or runs it to its end, and counts that into the job's status. */
export async function runJobStep(job: Job, { condition, ...planned }: JobStep): Promise<void> {
  const step = new StepExecution({ job, ...planned, env: job.env });
  const check = checkJobStep(step, condition);
  if (check.kind === "skip") await explainSkip(step, condition);
  const startedAt = job.clock.monotonic();
  const end = check.kind === "skip" ? SKIPPED : await start(step, check, condition);
  const durationMs = check.kind === "skip" ? 0 : job.clock.monotonic() - startedAt;
  await announceEnd(job, { ...end, number: planned.number, durationMs, execution: step });
  if (planned.stage === "main" && hasOwnId(planned.unit)) {
    job.steps.setEnd(planned.unit.id, end.outcome, end.conclusion);
  }
  if (end.conclusion === "failure") await afterFailure(step);
}

/** Name, `env` and condition: what is settled when a step's turn comes, in the background or not. */
export function checkJobStep(step: StepExecution, condition: ConditionSpec | undefined): Check {
  const { unit, stage } = step.place;
  const check = checkStep(step, condition);
  if (stage === "main") step.name = displayName(unit.spec, step.scope);
  return check;
}

/** Says that the step starts, and opens its log. */
export function openJobStep(step: StepExecution): void {
  const { job, number } = step.place;
  announceStart(job, number, step.name);
  step.log = openLog(job, number, commandEffectsOf(step), { ...job.request.baseEnv, ...step.env });
}

async function start(
  step: StepExecution,
  check: Check,
  condition: ConditionSpec | undefined,
): Promise<StepEnd> {
  openJobStep(step);
  const settle = interruptOnCancel(step, condition);
  try {
    if (check.kind !== "broken") return await performStep(step);
    step.fail(errorMessage(check.error));
    return FAILED;
  } finally {
    settle();
    await step.log.close();
  }
}

async function afterFailure({ job, place, name, lastProcess, error }: StepExecution): Promise<void> {
  job.status = worse(job.status, "failure");
  const { onStepFailed } = job.ports;
  if (onStepFailed === undefined || job.tools.cancellation.cause !== undefined) return;
  await job.tools.frames.settle();
  await onStepFailed({
    step: place.number,
    displayName: job.tools.masker.text(name),
    env: lastProcess?.env ?? { ...job.request.baseEnv, ...place.env.values(), ...job.fixedEnv },
    cwd: lastProcess?.cwd ?? job.request.directories.workspace,
    ...(error === undefined ? {} : { error: job.tools.masker.text(error) }),
  });
}

/** Where debug is on: why nothing was run. */
export async function explainSkip(step: StepExecution, condition: ConditionSpec | undefined): Promise<void> {
  const { job, number } = step.place;
  if (!job.debug) return;
  const log = openLog(job, number, commandEffectsOf(step), {});
  log.debug(`Evaluating condition for step: '${step.name}'`);
  log.debug(`Evaluating: ${condition?.source ?? "success()"}`);
  log.debug("Result: false");
  await log.close();
}
