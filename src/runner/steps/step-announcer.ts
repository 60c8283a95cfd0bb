import type { StepAddedFrame } from "../../protocol/frame.ts";
import type { Job } from "../job.ts";
import type { StepEnd } from "./step-end.ts";
import type { StepExecution } from "./step-execution.ts";

/** Makes a step known; returns its number. */
export function announceStep(
  job: Job,
  step: Omit<StepAddedFrame, "type" | "step" | "name"> & { name: string },
): number {
  const number = job.nextStep();
  const name = job.tools.masker.text(step.name);
  void job.tools.frames.emit({ type: "step.added", step: number, ...step, name });
  return number;
}

export function announceStart(job: Job, number: number, name: string): void {
  void job.tools.frames.emit({ type: "step.started", step: number, name: job.tools.masker.text(name) });
}

export interface AnnouncedEnd extends StepEnd {
  readonly number: number;
  readonly durationMs: number;
  readonly execution?: Pick<StepExecution, "exitCode" | "endSignal" | "error" | "outputs">;
  readonly error?: string;
}

/** Awaited, it is back-pressure. */
export function announceEnd(job: Job, end: AnnouncedEnd): void | Promise<void> {
  const { frames, masker } = job.tools;
  const { exitCode, endSignal, outputs } = end.execution ?? {};
  const error = end.error ?? end.execution?.error;
  return frames.emit({
    type: "step.finished",
    step: end.number,
    outcome: end.outcome,
    conclusion: end.conclusion,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(endSignal === undefined ? {} : { signal: endSignal }),
    ...(error === undefined || end.outcome === "success" ? {} : { error: masker.text(error) }),
    outputs: Object.fromEntries([...(outputs ?? [])].map(([name, value]) => [name, masker.text(value)])),
    durationMs: end.durationMs,
  });
}
