import type { UsesStepSpec } from "../../spec/workflow-spec.ts";
import { writeActionHead } from "./log-head.ts";
import type { StepExecution } from "./step-execution.ts";

/** The built-in `actions/checkout`: its main and its post. */
export async function runCheckoutStage(step: StepExecution, spec: UsesStepSpec): Promise<void> {
  const { job, place } = step;
  const { directories, checkout } = job.request;
  const { cleanUpCheckout, runCheckout } = await import("../checkout/checkout.ts");
  const context = {
    source: checkout,
    workspace: directories.workspace,
    temp: directories.temp,
    github: step.github,
    env: step.processEnv(),
    ...(job.ports.git === undefined ? {} : { git: job.ports.git }),
    signal: step.signal,
    log: (line: string) => step.log.line(line),
    warn: (message: string) => step.log.annotate({ level: "warning", message }),
    mask: (value: string) => job.mask(value),
  };
  if (place.stage === "post") {
    step.log.line("Post job cleanup.");
    if (Object.keys(place.unit.state).length > 0) await cleanUpCheckout(place.unit.state, context);
    return;
  }
  const inputs = step.evaluateTexts(spec.with);
  writeActionHead(step, `Run ${spec.uses}`, inputs);
  const { outputs, state } =
    checkout.shared === true
      ? await (await import("../checkout/shared-checkout.ts")).sharedCheckout(inputs, context, job.clock)
      : await runCheckout(inputs, context);
  for (const [name, value] of Object.entries(outputs)) step.setOutput(name, value);
  for (const [name, value] of Object.entries(state ?? {})) step.saveState(name, value);
}
