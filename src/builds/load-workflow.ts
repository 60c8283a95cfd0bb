import type { WorkflowSpec } from "../spec/workflow-spec.ts";

/** Where a workflow file comes from. Absent fields: the build's own repository at its own commit. */
export interface WorkflowOrigin {
  /** As in `WorkflowSpec.file`: relative to its repository. */
  readonly file: string;
  /** `owner/repo` for a file of another repository. */
  readonly repository?: string;
  /** The ref it was asked for by, and the commit it came from. */
  readonly ref?: string;
  readonly sha?: string;
}

export interface LoadedWorkflow {
  readonly spec: WorkflowSpec;
  /** The file the spec was made from: what a build keeps of it, to be resumed with the same jobs. */
  readonly content: string;
  readonly origin: WorkflowOrigin;
}

/**
 * Reads the reusable workflow that `uses` names in the file at `from`: `./path` is in the repository (and at the commit)
 * of `from`, `owner/repo/path@ref` anywhere. Rejects with `ExecError`: `NotFound` where there is none, `InvalidSpec`
 * where it has mistakes, with all of them in the message.
 */
export type LoadWorkflow = (
  uses: string,
  from: WorkflowOrigin,
  signal: AbortSignal,
) => Promise<LoadedWorkflow>;
