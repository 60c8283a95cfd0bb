import type { Json, JsonObject } from "../json.ts";
import { evaluateString } from "../spec/expressions/evaluate.ts";
import type { WorkflowSpec } from "../spec/workflow-spec.ts";
import type { BuildOptions } from "./build-options.ts";
import { locatedError, messageOf, positionOf } from "./located-error.ts";

/** The contexts a build starts with. */
export interface BuildContext {
  readonly github: JsonObject;
  readonly secrets: BuildOptions["secrets"];
  /** `GITHUB_TOKEN`, which is not among the secrets here: jobs get it, called workflows without being handed it. */
  readonly token: string | undefined;
}

export function buildContext({
  spec,
  github,
  secrets,
}: Pick<BuildOptions, "spec" | "github" | "secrets">): BuildContext {
  const isToken = ([name]: readonly [string, unknown]) => name.toLowerCase() === "github_token";
  const entries = Object.entries(secrets);
  const given = entries.find(isToken)?.[1] ?? github.token;
  const { token: _token, ...base } = github;
  return {
    github: { ...base, workflow: github.workflow ?? workflowName(spec) },
    secrets: Object.fromEntries(entries.filter((entry) => !isToken(entry))),
    token: typeof given === "string" && given !== "" ? given : undefined,
  };
}

/** `name`, else the file, as GitHub has it. */
export function workflowName(spec: WorkflowSpec): string {
  return spec.name ?? spec.file;
}

/** `run-name`, else the name of the workflow; a `run-name` that cannot be evaluated is told in `problem`. */
export function buildTitle(
  spec: WorkflowSpec,
  contexts: { readonly [name: string]: Json },
): { readonly title: string; readonly problem?: string } {
  const fallback = workflowName(spec);
  if (spec.runName === undefined) return { title: fallback };
  try {
    return { title: evaluateString(spec.runName, { contexts }) || fallback };
  } catch (error) {
    const at = positionOf(spec.runName, { line: 1, column: 1 });
    return { title: fallback, problem: locatedError(spec.file, at, `run-name: ${messageOf(error)}`).message };
  }
}
