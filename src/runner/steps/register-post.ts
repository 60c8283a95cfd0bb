import type { StepExecution } from "./step-execution.ts";

/**
 * The step's action has something to do when the job ends. Inside a composite action that is done by the post step of
 * the outermost one, which is registered here with it.
 */
export function registerPost(step: StepExecution): void {
  const { unit, enclosing } = step.place;
  if (enclosing !== undefined) registerPost(enclosing.execution);
  else if (!unit.hasPost) step.job.posts.push({ unit, name: step.name.replace(/^Pre /, "") });
  unit.hasPost = true;
}
