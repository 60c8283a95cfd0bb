import type { ConditionSpec } from "../../spec/workflow-spec.ts";
import type { FolderAction } from "../actions/resolved-action.ts";
import { type RunStatus, worse } from "../job-status.ts";
import type { Variables } from "../scope/env-scope.ts";
import { evaluateText } from "../scope/evaluate-located.ts";
import { checkStep, interruptOnCancel } from "./check-step.ts";
import { commandEffectsOf } from "./command-effects-of.ts";
import { displayName } from "./display-name.ts";
import { errorMessage } from "./error-message.ts";
import { SKIPPED, type StepEnd } from "./step-end.ts";
import { type Enclosing, StepExecution } from "./step-execution.ts";
import { stageCondition, stageUnits } from "./step-stages.ts";
import { hasOwnId, innerOf, type StepUnit } from "./step-unit.ts";

/** Runs a step whose condition holds to its end; handed in, since it may have to run a composite action itself. */
export type PerformStep = (step: StepExecution) => Promise<StepEnd>;

/**
 * One stage of a composite action: its steps one after the other, in a world of their own (`inputs`, `steps`, the
 * status functions), of which only `GITHUB_ENV`, `GITHUB_PATH` and the declared outputs get out.
 */
export async function runComposite(
  step: StepExecution,
  action: FolderAction,
  inputs: Variables,
  perform: PerformStep,
): Promise<void> {
  const { place } = step;
  const { steps } = innerOf(place.unit);
  let status: RunStatus = "success";
  const enclosing: Enclosing = {
    execution: step,
    action,
    inputs,
    steps,
    status: () => (step.interruption === "cancelled" ? "cancelled" : status),
  };
  for (const unit of stageUnits(place.unit, place.stage)) {
    if (isEnded(step)) break;
    const inner = openInner(enclosing, unit);
    const { end, broken } = await attempt(inner, stageCondition(unit, place.stage), perform);
    await inner.log.close();
    if (place.stage === "main" && hasOwnId(unit)) steps.setEnd(unit.id, end.outcome, end.conclusion);
    status = worse(status, end.conclusion);
    if (end.conclusion === "failure") {
      step.failQuietly(inner.error);
      step.lastProcess ??= inner.lastProcess;
    }
    if (broken) break;
  }
  if (isEnded(step) && step.interruption === "timeout") step.cutShort();
  else if (isEnded(step)) status = "cancelled";
  step.mergeEnd(status);
  if (place.stage === "main") setOutputs(enclosing);
}

/** A cancel of the job is none of these: steps inside may be meant to run then. */
function isEnded({ interruption, job }: StepExecution): boolean {
  const ended = interruption === "timeout" || interruption === "stopped";
  return ended || job.tools.cancellation.killed.aborted;
}

function openInner(enclosing: Enclosing, unit: StepUnit): StepExecution {
  const { place, log } = enclosing.execution;
  const { job, stage, number, env } = place;
  const inner = new StepExecution({ job, unit, stage, number, name: unit.id, env, enclosing });
  inner.name = displayName(unit.spec, inner.scope);
  inner.log = log.nested({ effects: commandEffectsOf(inner), env: inner.env });
  return inner;
}

async function attempt(
  step: StepExecution,
  condition: ConditionSpec | undefined,
  perform: PerformStep,
): Promise<{ readonly end: StepEnd; readonly broken: boolean }> {
  const check = checkStep(step, condition);
  if (check.kind === "skip") return { end: SKIPPED, broken: false };
  if (check.kind === "broken") {
    step.fail(errorMessage(check.error));
    return { end: { outcome: "failure", conclusion: "failure" }, broken: true };
  }
  const settle = interruptOnCancel(step, condition);
  try {
    return { end: await perform(step), broken: false };
  } finally {
    settle();
  }
}

function setOutputs({ execution, action, inputs, steps }: Enclosing): void {
  const { job } = execution;
  const { strategy, matrix } = job.request.contexts;
  const scope = {
    contexts: {
      github: execution.github,
      env: execution.env,
      runner: job.contexts.runner,
      job: job.jobContext(),
      steps: steps.json(),
      inputs,
      strategy,
      matrix,
    },
  };
  for (const { name, value } of action.spec.outputs) {
    if (value === undefined) continue;
    execution.setOutput(name, evaluateText(value, scope, `${action.uses}/action.yml`));
  }
}
