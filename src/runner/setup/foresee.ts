import type { Json } from "../../json.ts";
import { evaluateCondition } from "../../spec/expressions/evaluate.ts";
import type { Scope } from "../../spec/expressions/scope.ts";
import type { ConditionSpec } from "../../spec/workflow-spec.ts";
import type { RunStatus } from "../job-status.ts";

/**
 * What can be told of a step's `if` before the job's first step runs. `never`: it is false however the job goes.
 * `unless-failed`: it holds if nothing fails before it. `unknown`: it asks for what only steps will tell.
 */
export type Foresight = "never" | "unless-failed" | "unknown";

/** `settled`: the contexts whose values are final by now. Any other counts as unknown. */
export function foresee(
  condition: ConditionSpec | undefined,
  settled: { readonly [name: string]: Json },
): Foresight {
  const contexts = { steps: unknown(), env: unknown(), job: unknown(), inputs: unknown(), ...settled };
  const answers = STATUSES.map((status) => answer(condition?.source ?? "success()", contexts, status));
  if (answers.every((value) => value === false)) return "never";
  return answers[0] === true ? "unless-failed" : "unknown";
}

const STATUSES: readonly RunStatus[] = ["success", "failure", "cancelled"];

function answer(
  source: string,
  contexts: { readonly [name: string]: Json },
  status: RunStatus,
): boolean | undefined {
  const scope: Scope = {
    contexts,
    status: {
      success: () => status === "success",
      failure: () => status === "failure",
      cancelled: () => status === "cancelled",
    },
    hashFiles() {
      throw new Unknown();
    },
  };
  try {
    return evaluateCondition(source, scope);
  } catch {
    // A mistake in the expression is the step's to tell, when its turn comes.
    return undefined;
  }
}

class Unknown extends Error {}

/** Whoever looks inside learns that it cannot be known; `false && steps.x` never looks. */
function unknown(): Json {
  const refuse = (): never => {
    throw new Unknown();
  };
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse });
}
