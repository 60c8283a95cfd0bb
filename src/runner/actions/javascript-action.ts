import { statSync } from "node:fs";
import { join } from "node:path";
import { ExecError } from "../../errors.ts";
import type { JobServices } from "../../protocol/job-request.ts";
import type { FolderAction } from "./resolved-action.ts";
import { idTokenEnvironment, proxyExemption, serviceEnvironment } from "./service-environment.ts";

export type ActionStage = "pre" | "main" | "post";

export interface JavaScriptActionRequest {
  readonly action: FolderAction;
  readonly stage: ActionStage;
  /** From `actionInputs`. */
  readonly inputs: { readonly [name: string]: string };
  /** What the action saved with `save-state` so far. */
  readonly state: { readonly [name: string]: string };
  /** The step's whole environment: machine, workflow, job, step, `GITHUB_*`, `RUNNER_*`, PATH with its additions. */
  readonly env: { readonly [name: string]: string };
  readonly services?: JobServices;
  readonly nodePath: string;
  readonly workspace: string;
}

/** What to start for a step: handed to `runProcess`. */
export interface ProcessSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: { readonly [name: string]: string };
}

/**
 * The process of one stage of a JavaScript action. Whatever `node` version `using` names, the node that was brought
 * runs it. Throws `ExecError`: `NotFound` where the stage's file is missing, `InvalidSpec` where there is no such stage.
 */
export function javascriptAction(request: JavaScriptActionRequest): ProcessSpec {
  const { action, stage, services } = request;
  const entry = entryPoint(action, stage);
  const file = join(action.directory, entry);
  if (!isFile(file)) {
    throw new ExecError(
      "NotFound",
      `File not found: '${file}', which '${action.uses}' names as \`${stage}: ${entry}\`. ` +
        "Was it built, and is what was built part of the action's repository?",
    );
  }
  const env: Record<string, string> = { ...request.env };
  for (const [name, value] of Object.entries(request.state)) env[`STATE_${name}`] = value;
  for (const [name, value] of Object.entries(request.inputs)) env[inputVariable(name)] = value;
  if (services !== undefined) {
    Object.assign(env, serviceEnvironment(services), idTokenEnvironment(services), proxyExemption(env));
  }
  // It would point the brought node at another one's data: https://github.com/actions/runner/issues/795
  delete env.NODE_ICU_DATA;
  return { file: request.nodePath, args: [file], cwd: request.workspace, env };
}

/** `INPUT_` and the name in upper case, spaces as underscores; everything else, hyphens too, stays. */
export function inputVariable(name: string): string {
  // Only letters whose upper case is one letter change ("ß" stays), as in .NET's invariant culture.
  const upper = Array.from(name.replaceAll(" ", "_"), (letter) => {
    const changed = letter.toUpperCase();
    return changed.length === letter.length ? changed : letter;
  });
  return `INPUT_${upper.join("")}`;
}

function entryPoint(action: FolderAction, stage: ActionStage): string {
  const { runs } = action.spec;
  const entry = runs.using === "docker" || runs.using === "composite" ? undefined : runs[stage];
  if (entry === undefined || entry === "") {
    throw new ExecError(
      "InvalidSpec",
      `'${action.uses}' is no JavaScript action with a \`${stage}\` (${runs.using}).`,
    );
  }
  return entry;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
