import type { JobRequest } from "../../protocol/job-request.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type {
  CancelStepSpec,
  ParallelStepSpec,
  RunStepSpec,
  StepSpec,
  UsesStepSpec,
  WaitAllStepSpec,
  WaitStepSpec,
} from "../../spec/workflow-spec.ts";
import { displayName } from "./display-name.ts";
import { type StepUnit, stepUnits } from "./step-unit.ts";

/** The steps of a job in the order they are taken up. Numbers are given when they are made known. */
export type PlannedStep = PlannedWork | PlannedControl;

export interface PlannedWork {
  readonly kind: "work";
  readonly unit: StepUnit;
  readonly name: string;
  readonly background: boolean;
  /** The `parallel` step it stands in. */
  readonly group?: ParallelGroup;
}

/** Its own number is that of the `parallel` step; it starts with the first of its steps that runs. */
export interface ParallelGroup {
  readonly spec: ParallelStepSpec;
  readonly name: string;
}

export interface PlannedControl {
  readonly kind: "control";
  readonly control:
    | { readonly type: "wait"; readonly ids: readonly string[] }
    | { readonly type: "wait-all" }
    | { readonly type: "cancel"; readonly ids: readonly string[] };
  readonly name: string;
  /** Absent for the wait at the end of the job, which no file asks for. */
  readonly spec?: WaitStepSpec | WaitAllStepSpec | CancelStepSpec;
  /** The wait for the steps of a `parallel` step, which is what the step itself does. */
  readonly group?: ParallelGroup;
}

/** `scope`: what is known before the first step, for names. */
export function planSteps(request: JobRequest, scope: Scope): PlannedStep[] {
  const units = new Map<StepSpec, StepUnit>();
  for (const unit of stepUnits(workSpecs(request.steps), 0)) units.set(unit.spec, unit);
  const work: PlanWork = (spec, group) => {
    const unit = units.get(spec);
    if (unit === undefined) return [];
    const background = spec.background || group !== undefined;
    const name = displayName(spec, scope);
    return [{ kind: "work", unit, name, background, ...(group === undefined ? {} : { group }) }];
  };
  const plan = request.steps.flatMap((spec) => planStep(spec, displayName(spec, scope), work));
  return waitedForAll(plan) ? plan : [...plan, WAIT_AT_END];
}

type PlanWork = (spec: RunStepSpec | UsesStepSpec, group?: ParallelGroup) => PlannedWork[];

function planStep(spec: StepSpec, name: string, work: PlanWork): PlannedStep[] {
  switch (spec.kind) {
    case "run":
    case "uses":
      return work(spec);
    case "wait":
      return [{ kind: "control", control: { type: "wait", ids: spec.wait }, name, spec }];
    case "wait-all":
      return [{ kind: "control", control: { type: "wait-all" }, name, spec }];
    case "cancel":
      return [{ kind: "control", control: { type: "cancel", ids: [spec.cancel] }, name, spec }];
    case "parallel": {
      const group: ParallelGroup = { spec, name };
      const members = workSpecs(spec.steps).flatMap((member) => work(member, group));
      const ids = members.map(({ unit }) => unit.id);
      return [...members, { kind: "control", control: { type: "wait", ids }, name, group }];
    }
  }
}

const WAIT_AT_END: PlannedControl = {
  kind: "control",
  control: { type: "wait-all" },
  name: "Wait for all background steps",
};

/** Is every background step named by a later wait or cancel? */
function waitedForAll(plan: readonly PlannedStep[]): boolean {
  const open = new Set<string>();
  for (const step of plan) {
    if (step.kind === "work") {
      if (step.background) open.add(step.unit.id.toLowerCase());
    } else if (step.control.type === "wait-all") {
      open.clear();
    } else {
      for (const id of step.control.ids) open.delete(id.toLowerCase());
    }
  }
  return open.size === 0;
}

function workSpecs(steps: readonly StepSpec[]): (RunStepSpec | UsesStepSpec)[] {
  return steps.flatMap((spec): (RunStepSpec | UsesStepSpec)[] => {
    if (spec.kind === "parallel") return workSpecs(spec.steps);
    return spec.kind === "run" || spec.kind === "uses" ? [spec] : [];
  });
}
