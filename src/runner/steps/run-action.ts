import type { Scope } from "../../spec/expressions/scope.ts";
import type { UsesStepSpec } from "../../spec/workflow-spec.ts";
import { actionInputs } from "../actions/action-inputs.ts";
import { javascriptAction } from "../actions/javascript-action.ts";
import type { FolderAction } from "../actions/resolved-action.ts";
import { evaluateText } from "../scope/evaluate-located.ts";
import { writeActionHead } from "./log-head.ts";
import { registerPost } from "./register-post.ts";
import { hasContainers, needsContainers, resolveUnit } from "./resolve-unit.ts";
import { runCheckoutStage } from "./run-checkout.ts";
import { type PerformStep, runComposite } from "./run-composite.ts";
import { runDockerAction, runImageStep } from "./run-container.ts";
import type { StepExecution } from "./step-execution.ts";
import { withStepFiles } from "./with-step-files.ts";

/**
 * One stage of a `uses` step. `perform` runs the steps inside a composite action. Throws `ExecError` for what keeps
 * the action from being run.
 */
export async function runAction(
  step: StepExecution,
  spec: UsesStepSpec,
  perform: PerformStep,
): Promise<void> {
  const action = await resolveUnit(step.place.unit, {
    job: step.job,
    parent: step.place.enclosing?.action,
    signal: step.signal,
    log: (line) => step.log.line(line),
  });
  switch (action.kind) {
    case "docker": {
      if (!hasContainers(step.job)) throw needsContainers(step.job, spec.uses);
      const inputs = step.evaluateTexts(spec.with);
      writeActionHead(step, `Run ${spec.uses}`, inputs);
      return await runImageStep(step, spec, action.image, inputs);
    }
    case "checkout":
      registerPost(step);
      step.extendGithub({ action_repository: "actions/checkout", action_ref: action.ref });
      return await withStepFiles(step, () => runCheckoutStage(step, spec));
    case "action":
      return await runFolderAction(step, spec, action, perform);
  }
}

async function runFolderAction(
  step: StepExecution,
  spec: UsesStepSpec,
  action: FolderAction,
  perform: PerformStep,
): Promise<void> {
  const { job, place } = step;
  const { stage } = place;
  const { runs } = action.spec;
  if (stage === "main")
    for (const message of action.warnings) step.log.annotate({ level: "warning", message });
  step.extendGithub({ action_repository: action.repository ?? "", action_ref: action.ref ?? "" });
  if (runs.using === "docker" && !hasContainers(job)) throw needsContainers(job, spec.uses);

  const { inputs, warnings } = actionInputs(action.spec, step.evaluateTexts(spec.with), (value) =>
    evaluateText(value, defaultScope(step), `${action.uses}/action.yml`),
  );
  if (stage === "main") for (const message of warnings) step.log.annotate({ level: "warning", message });
  if (stage === "post") step.log.line("Post job cleanup.");
  else writeActionHead(step, `Run ${spec.uses}`, inputs);

  if (runs.using === "composite") return await runComposite(step, action, inputs, perform);
  if (runs.using === "docker") return await runDockerAction(step, action, runs, inputs);
  if (runs.pre !== undefined && action.local && stage === "main") {
    const message = `\`pre\` execution is not supported for local action from '${spec.uses}'`;
    step.log.annotate({ level: "warning", message });
  }
  if (runs.post !== undefined && stage !== "post") registerPost(step);
  await withStepFiles(step, async () => {
    const { directories, services, runner } = job.request;
    const process = javascriptAction({
      action,
      stage,
      inputs,
      state: place.unit.state,
      env: step.processEnv(),
      ...(services === undefined ? {} : { services }),
      nodePath: runner.nodePath,
      workspace: directories.workspace,
    });
    const end = await step.run(process);
    // The action itself has said why, as a rule.
    if (end.kind === "exited" && end.code !== 0 && !end.cancelled) {
      step.failQuietly(`The action '${spec.uses}' ended with exit code ${end.code}.`);
    }
  });
}

/** Defaults of inputs see less than the step does. */
function defaultScope({ github, job }: StepExecution): Scope {
  const { strategy, matrix } = job.request.contexts;
  return {
    contexts: { github, strategy, matrix, job: job.jobContext(), runner: job.contexts.runner },
    hashFiles: (patterns) => job.hashFiles(patterns),
  };
}
