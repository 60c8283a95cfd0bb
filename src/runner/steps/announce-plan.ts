import type { StepSpec } from "../../spec/workflow-spec.ts";
import type { Job } from "../job.ts";
import type { ParallelGroup, PlannedStep } from "./plan-steps.ts";
import { announceStep } from "./step-announcer.ts";

/** The number of each planned step, and of each `parallel` step, which comes before the steps in it. */
export interface StepNumbers {
  of(step: PlannedStep): number;
  ofGroup(group: ParallelGroup): number;
}

/** Makes all steps of the job known, in the order of the file, before the first of them runs. */
export function announcePlan(job: Job, plan: readonly PlannedStep[]): StepNumbers {
  const numbers = new Map<PlannedStep | ParallelGroup, number>();
  const announceGroup = (group: ParallelGroup): number => {
    const known = numbers.get(group);
    if (known !== undefined) return known;
    const number = announce(job, group.spec, group.name, { action: "parallel", background: false });
    numbers.set(group, number);
    return number;
  };
  for (const step of plan) {
    const parent = step.group === undefined ? undefined : announceGroup(step.group);
    if (step.kind === "work") {
      const { spec } = step.unit;
      numbers.set(
        step,
        announce(job, spec, step.name, {
          action: spec.kind === "run" ? "run" : spec.uses,
          background: step.background,
          ...(parent === undefined ? {} : { parent }),
        }),
      );
    } else {
      const action = step.control.type;
      numbers.set(step, parent ?? announce(job, step.spec, step.name, { action, background: false }));
    }
  }
  const find = (step: PlannedStep | ParallelGroup): number => {
    const number = numbers.get(step);
    if (number === undefined) throw new Error("The step was never announced");
    return number;
  };
  return { of: find, ofGroup: find };
}

function announce(
  job: Job,
  spec: StepSpec | undefined,
  name: string,
  rest: { readonly action: string; readonly background: boolean; readonly parent?: number },
): number {
  return announceStep(job, {
    ...(spec?.id === undefined ? {} : { id: spec.id }),
    name,
    stage: "main",
    ...rest,
    ...(spec === undefined ? {} : { line: spec.at.line }),
  });
}
