import type { ExecError } from "../errors.ts";
import { callInputs } from "./call-inputs.ts";
import { callSecrets } from "./call-secrets.ts";
import { callTrigger, checkCall } from "./check-call.ts";
import { contextsOf } from "./job-condition.ts";
import { earlyName } from "./job-name.ts";
import type { LoadedWorkflow, WorkflowOrigin } from "./load-workflow.ts";
import { locatedError } from "./located-error.ts";
import { callersOf, createWorkflowRun, type JobLeg, type JobNode, type WorkflowRun } from "./workflow-run.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

/** Workflows that may be connected, the top one included; GitHub's limit. */
const MAX_DEPTH = 10;

/**
 * The run of a workflow that a leg calls, with the inputs, secrets and permissions it is given. Throws `ExecError`
 * (`InvalidSpec`), placed at the caller, where it cannot be called so.
 */
export function enterCall(leg: JobLeg, { spec, origin }: LoadedWorkflow): WorkflowRun {
  const { node } = leg;
  const call = node.spec;
  const outer = node.run.scope;
  const { file } = outer.spec;
  if (call.kind !== "call") throw locatedError(file, call.at, "it calls no workflow");

  const fail = (problems: readonly string[]) => callError(node, problems);
  if (outer.depth >= MAX_DEPTH) {
    throw fail([`At most ${MAX_DEPTH} workflows can be connected, the top one included.`]);
  }
  const above = [outer, ...[...callersOf(node.run)].map(({ node: { run } }) => run.scope)];
  if (above.some((scope) => sameOrigin(scope.origin, origin))) {
    const chain = [...above.reverse(), { origin }].map((scope) => scope.origin.file);
    throw fail([`A workflow cannot call itself: ${chain.join(" → ")}.`]);
  }
  const allowed = call.permissions ?? outer.permissions;
  const problems = checkCall(call, spec, allowed);
  if (problems.length > 0) throw fail(problems);

  const contexts = contextsOf(outer, leg.needs, leg);
  const trigger = callTrigger(spec);
  const scope: WorkflowScope = {
    spec,
    origin,
    github: outer.github,
    vars: outer.vars,
    inputs: callInputs(call, trigger?.inputs ?? [], { contexts }, file),
    secrets: callSecrets(
      call,
      trigger?.secrets ?? [],
      outer.secrets,
      { contexts: { ...contexts, secrets: outer.secrets } },
      file,
    ),
    permissions: spec.permissions ?? allowed,
    depth: outer.depth + 1,
  };
  const created = createWorkflowRun(scope, spec.jobs, leg, (job) =>
    earlyName(job, { contexts: contextsOf(scope, {}) }),
  );
  if (created.run === undefined) throw fail(created.problems);
  return created.run;
}

/** What is wrong with a call, said at the caller. */
export function callError({ spec, run }: JobNode, problems: readonly string[]): ExecError {
  const called = spec.kind === "call" ? spec.uses : spec.id;
  const { file } = run.scope.spec;
  return locatedError(file, spec.at, `Error calling workflow '${called}'. ${problems.join(" ")}`);
}

function sameOrigin(a: WorkflowOrigin, b: WorkflowOrigin): boolean {
  return a.file === b.file && a.repository === b.repository && (a.sha ?? a.ref) === (b.sha ?? b.ref);
}
