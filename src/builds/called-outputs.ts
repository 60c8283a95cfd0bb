import { evaluateTemplate } from "../spec/expressions/evaluate.ts";
import { callTrigger } from "./check-call.ts";
import { locatedError, messageOf, positionOf } from "./located-error.ts";
import { textOf } from "./typed-value.ts";
import type { WorkflowRun } from "./workflow-run.ts";

/** The `outputs` of a called workflow, all of whose jobs have ended. Throws `ExecError` (`InvalidSpec`). */
export function calledOutputs({ scope, jobs }: WorkflowRun): { [name: string]: string } {
  const { github, inputs, vars, spec } = scope;
  const trigger = callTrigger(spec);
  const results = Object.fromEntries(jobs.map((job) => [job.spec.id, job.ended?.context ?? {}]));
  const contexts = { github, inputs, vars, jobs: results };
  const outputs: { [name: string]: string } = {};
  for (const { name, value } of trigger?.outputs ?? []) {
    try {
      outputs[name] = textOf(evaluateTemplate(value, { contexts }));
    } catch (error) {
      const at = positionOf(value, trigger?.at ?? { line: 1, column: 1 });
      throw locatedError(spec.file, at, `output ${name}: ${messageOf(error)}`);
    }
  }
  return outputs;
}
