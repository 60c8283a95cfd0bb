import type { Json, JsonObject } from "../json.ts";
import { evaluateCondition } from "../spec/expressions/evaluate.ts";
import type { Scope, StatusView } from "../spec/expressions/scope.ts";
import type { Conclusion } from "../status.ts";
import { locatedError, messageOf } from "./located-error.ts";
import { callersOf, type JobNode } from "./workflow-run.ts";
import type { WorkflowScope } from "./workflow-scope.ts";

/** Settles what the status functions need of the jobs before this one. All its needs have ended. */
export function inheritStatus(node: JobNode): void {
  for (const need of node.needs) {
    const result = need.ended?.result;
    node.ancestorFailed ||= need.ancestorFailed || result === "failure";
    node.ancestorUnsuccessful ||= need.ancestorUnsuccessful || result !== "success";
  }
}

/** Whether the `if` of a job lets it run, or run on. Throws `ExecError` (`InvalidSpec`) with file and line. */
export function conditionHolds(node: JobNode): boolean {
  const condition = node.spec.if;
  const status = statusOf(node);
  if (condition === undefined) return status.success([]);
  const { scope } = node.run;
  try {
    return evaluateCondition(condition.source, { contexts: contextsOf(scope, needsContext(node)), status });
  } catch (error) {
    throw locatedError(scope.spec.file, condition.at, `if: ${messageOf(error)}`);
  }
}

/** Why a job whose condition did not hold is skipped. */
export function skipReason(node: JobNode): string {
  const source = node.spec.if?.source;
  const needsSuccess = source === undefined || source.startsWith("success() &&") || source === "success()";
  if (!needsSuccess || !node.ancestorUnsuccessful) return `its condition is false: ${source ?? "success()"}`;
  for (const { spec, ended } of node.needs) {
    if (ended !== undefined && ended.result !== "success") {
      return `it needs '${spec.id}', which ${PAST[ended.result]}`;
    }
  }
  return "a job before those it needs did not succeed";
}

const PAST: Readonly<Record<Conclusion, string>> = {
  success: "succeeded",
  failure: "failed",
  cancelled: "was cancelled",
  skipped: "was skipped",
};

/** The `needs` context of a job, all of whose needs have ended. */
export function needsContext(node: JobNode): JsonObject {
  return Object.fromEntries(node.needs.map(({ spec, ended }) => [spec.id, ended?.context ?? {}]));
}

/** The contexts of the keys of a job, as far as GitHub has them there. */
export function contextsOf(
  workflow: WorkflowScope,
  needs: JsonObject,
  leg: { readonly strategy: JsonObject; readonly matrix: Json } | undefined = undefined,
): Scope["contexts"] {
  const { github, inputs, vars } = workflow;
  if (leg === undefined) return { github, inputs, vars, needs };
  return { github, inputs, vars, needs, strategy: leg.strategy, matrix: leg.matrix };
}

function statusOf(node: JobNode): StatusView {
  const { run } = node;
  const results = (ids: readonly string[]) => ids.map((id) => run.byId.get(id.toLowerCase())?.ended?.result);
  return {
    success: (ids) =>
      run.cancelled === undefined &&
      (ids.length === 0 ? !node.ancestorUnsuccessful : results(ids).every((result) => result === "success")),
    failure: (ids) =>
      ids.length === 0 ? node.ancestorFailed : results(ids).some((result) => result === "failure"),
    // A workflow called after a cancel (its caller says `always()`) runs as usual, but knows of the cancel.
    cancelled: () =>
      run.cancelled !== undefined ||
      callersOf(run).some(({ node: { run: outer } }) => outer.cancelled !== undefined),
  };
}
