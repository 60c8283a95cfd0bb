import type { Job } from "../job.ts";
import { worse } from "../job-status.ts";
import type { StepNumbers } from "./announce-plan.ts";
import { BackgroundSteps } from "./background-steps.ts";
import type { ParallelGroup, PlannedControl, PlannedStep, PlannedWork } from "./plan-steps.ts";
import { runControlStep } from "./run-control-step.ts";
import { runJobStep } from "./run-job-step.ts";
import { announceEnd, announceStart } from "./step-announcer.ts";
import { SKIPPED } from "./step-end.ts";

/** The steps of the file, one after the other, with background steps beside them. */
export async function runMainSteps(
  job: Job,
  plan: readonly PlannedStep[],
  numbers: StepNumbers,
): Promise<void> {
  const background = new BackgroundSteps(job);
  const groups = new Map<ParallelGroup, number>();
  const { killed } = job.tools.cancellation;
  for (const step of plan) {
    if (killed.aborted) {
      if (step.kind === "work" || step.group === undefined) await skip(job, numbers.of(step));
      continue;
    }
    if (step.kind === "work") await take(job, step, numbers, background, groups);
    else await control(job, step, numbers, background, groups);
  }
  job.status = worse(job.status, await background.settle());
}

async function take(
  job: Job,
  step: PlannedWork,
  numbers: StepNumbers,
  background: BackgroundSteps,
  groups: Map<ParallelGroup, number>,
): Promise<void> {
  const { unit, name, group } = step;
  const planned = { unit, stage: "main", number: numbers.of(step), name, condition: unit.spec.if } as const;
  if (!step.background) return await runJobStep(job, planned);
  await background.start(planned, () => {
    if (group === undefined || groups.has(group)) return;
    groups.set(group, job.clock.monotonic());
    announceStart(job, numbers.ofGroup(group), group.name);
  });
}

async function control(
  job: Job,
  planned: PlannedControl,
  numbers: StepNumbers,
  background: BackgroundSteps,
  groups: Map<ParallelGroup, number>,
): Promise<void> {
  const number = numbers.of(planned);
  if (planned.group === undefined) return await runControlStep(job, { planned, number }, background);
  const startedAt = groups.get(planned.group);
  if (startedAt === undefined) return await skip(job, number);
  await runControlStep(job, { planned, number, startedAt }, background);
}

async function skip(job: Job, number: number): Promise<void> {
  await announceEnd(job, { ...SKIPPED, number, durationMs: 0 });
}
