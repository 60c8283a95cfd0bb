import type { Job } from "../job.ts";
import { runJobStep } from "./run-job-step.ts";
import { announceEnd, announceStep } from "./step-announcer.ts";
import { SKIPPED } from "./step-end.ts";
import { stageCondition } from "./step-stages.ts";
import type { StepUnit } from "./step-unit.ts";

export interface StageStep {
  readonly unit: StepUnit;
  readonly name: string;
}

export interface AnnouncedStage {
  readonly stage: "pre" | "post";
  readonly steps: readonly (StageStep & { readonly number: number })[];
}

/** Runs the pre or the post steps of the job's actions in the order they are given. */
export async function runStageSteps(job: Job, { stage, steps }: AnnouncedStage): Promise<void> {
  for (const planned of steps) {
    if (job.tools.cancellation.killed.aborted) {
      await announceEnd(job, { ...SKIPPED, number: planned.number, durationMs: 0 });
    } else {
      await runJobStep(job, { ...planned, stage, condition: stageCondition(planned.unit, stage) });
    }
  }
}

export function announceStage(job: Job, stage: "pre" | "post", steps: readonly StageStep[]): AnnouncedStage {
  const announced = steps.map(({ unit, name }) => {
    const { spec } = unit;
    const number = announceStep(job, {
      name,
      stage,
      action: spec.kind === "uses" ? spec.uses : "run",
      background: false,
      line: spec.at.line,
    });
    return { unit, name, number };
  });
  return { stage, steps: announced };
}
