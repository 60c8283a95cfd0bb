import { ExecError } from "../errors.ts";
import type { LoadedWorkflow, LoadWorkflow, WorkflowOrigin } from "./load-workflow.ts";

/** The same loader, asking only once for the same workflow, also where it is not there. */
export function rememberingLoader(load: LoadWorkflow | undefined): LoadWorkflow {
  const known = new Map<string, Promise<LoadedWorkflow>>();
  return (uses, from, signal) => {
    if (load === undefined) {
      return Promise.reject(new ExecError("NotFound", "Reusable workflows cannot be loaded here."));
    }
    const key = JSON.stringify([
      uses,
      from.repository ?? "",
      from.sha ?? from.ref ?? "",
    ] satisfies readonly string[]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const loading = load(uses, originOnly(from), signal);
    known.set(key, loading);
    return loading;
  };
}

function originOnly({ file, repository, ref, sha }: WorkflowOrigin): WorkflowOrigin {
  return {
    file,
    ...(repository === undefined ? {} : { repository }),
    ...(ref === undefined ? {} : { ref }),
    ...(sha === undefined ? {} : { sha }),
  };
}
