import type { ActionSpec } from "../../spec/actions/action-spec.ts";
import type { TemplateValue } from "../../spec/template/template-value.ts";

export interface ActionInputs {
  /** Given inputs under the names the step used, then defaults of the others. */
  readonly inputs: { readonly [name: string]: string };
  /** To be shown as warning annotations: unexpected, deprecated and missing inputs. */
  readonly warnings: readonly string[];
}

/**
 * The inputs of a step that uses an action. `given` is the step's evaluated `with`. Defaults may use the contexts
 * github, strategy, matrix, job, runner and hashFiles.
 */
export function actionInputs(
  _spec: ActionSpec,
  _given: { readonly [name: string]: string },
  _evaluateDefault: (value: TemplateValue) => string,
): ActionInputs {
  throw new Error("not built yet");
}
