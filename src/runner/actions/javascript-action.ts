import type { JobServices } from "../../protocol/job-request.ts";
import type { FolderAction } from "./resolved-action.ts";

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

/** Throws `ExecError` (`NotFound`) where the stage's file is missing, (`InvalidSpec`) where it is no JavaScript action. */
export function javascriptAction(_request: JavaScriptActionRequest): ProcessSpec {
  throw new Error("not built yet");
}
