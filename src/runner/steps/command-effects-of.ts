import type { CommandEffects } from "../output/command-effects.ts";
import type { StepExecution } from "./step-execution.ts";

/** What the workflow commands of a step's output do. */
export function commandEffectsOf(step: StepExecution): CommandEffects {
  return {
    setEnv: (name, value) => step.place.env.set(name, value),
    addPath: (path) => step.place.env.addPath(path),
    setOutput: (name, value) => step.setOutput(name, value),
    saveState: (name, value) => step.saveState(name, value),
    commandFailed: () => step.commandFailed(),
  };
}
