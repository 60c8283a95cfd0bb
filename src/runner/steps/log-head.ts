import type { Variables } from "../scope/env-scope.ts";
import type { StepExecution } from "./step-execution.ts";

/** The folded head of an action's log, as GitHub prints it: what runs, with what, in which environment. */
export function writeActionHead(step: StepExecution, title: string, inputs: Variables): void {
  const { log } = step;
  log.line(`##[group]${title}`);
  const given = Object.entries(inputs).filter(([, value]) => value !== "");
  if (given.length > 0) log.line("with:");
  for (const [name, value] of given) writePair(step, name, value);
  writeEnvironment(step);
  log.line("##[endgroup]");
}

/** `env:` and the variables that the pipeline set; nothing where there are none. */
export function writeEnvironment(step: StepExecution): void {
  const entries = Object.entries(step.env);
  if (entries.length > 0) step.log.line("env:");
  for (const [name, value] of entries) writePair(step, name, value);
}

function writePair(step: StepExecution, name: string, value: string): void {
  step.log.line(`  ${name}: ${value}`);
}
