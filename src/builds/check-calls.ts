import type { Diagnostic } from "../spec/diagnostic.ts";
import type { CallJobSpec, PermissionsSpec, WorkflowSpec } from "../spec/workflow-spec.ts";
import { checkCall } from "./check-call.ts";
import { MAX_DEPTH, sameOrigin } from "./enter-call.ts";
import type { LoadWorkflow, WorkflowOrigin } from "./load-workflow.ts";
import { messageOf } from "./located-error.ts";
import { rememberingLoader } from "./workflow-loader.ts";

interface Caller {
  readonly spec: WorkflowSpec;
  readonly origin: WorkflowOrigin;
  readonly permissions: PermissionsSpec | undefined;
}

/**
 * Everything that is wrong with the reusable workflows a workflow calls, directly or not, as far as it can be told
 * before anything runs: files that are missing or have mistakes, inputs and secrets that do not fit, permissions
 * beyond the caller's, loops, too many levels. Each is placed at its caller. `load` is asked once for each workflow.
 */
export async function checkCalls(
  spec: WorkflowSpec,
  load: LoadWorkflow,
  signal: AbortSignal,
  origin: WorkflowOrigin = { file: spec.file },
): Promise<readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  const loader = rememberingLoader(load);
  const seen = new Set<string>();
  /** A workflow is looked into once for each depth and each set of permissions it is called with. */
  const visited = new Set<string>();

  const visit = async (chain: readonly Caller[], caller: Caller): Promise<void> => {
    for (const job of caller.spec.jobs) {
      if (job.kind !== "call") continue;
      const problems = await problemsOf(chain, caller, job);
      for (const problem of problems) {
        const diagnostic = diagnosticOf(caller.spec.file, job, problem);
        const key = JSON.stringify([diagnostic.file, diagnostic.line, diagnostic.message]);
        if (!seen.has(key)) diagnostics.push(diagnostic);
        seen.add(key);
      }
    }
  };

  const problemsOf = async (
    chain: readonly Caller[],
    caller: Caller,
    job: CallJobSpec,
  ): Promise<readonly string[]> => {
    const around = [...chain, caller];
    if (around.length >= MAX_DEPTH) {
      return [`At most ${MAX_DEPTH} workflows can be connected, the top one included.`];
    }
    const allowed = job.permissions ?? caller.permissions;
    try {
      const called = await loader(job.uses, caller.origin, signal);
      if (around.some((each) => sameOrigin(each.origin, called.origin))) {
        const files = [...around.map((each) => each.origin.file), called.origin.file];
        return [`A workflow cannot call itself: ${files.join(" → ")}.`];
      }
      const problems = checkCall(job, called.spec, allowed);
      const permissions = called.spec.permissions ?? allowed;
      const state = JSON.stringify([called.origin, permissions ?? null, around.length]);
      if (visited.has(state)) return problems;
      visited.add(state);
      await visit(around, { spec: called.spec, origin: called.origin, permissions });
      return problems;
    } catch (error) {
      return [messageOf(error)];
    }
  };

  await visit([], { spec, origin, permissions: spec.permissions });
  return diagnostics;
}

function diagnosticOf(file: string, job: CallJobSpec, problem: string): Diagnostic {
  const { line, column } = job.at;
  return {
    severity: "error",
    code: "reusable-workflow",
    message: `Error calling workflow '${job.uses}'. ${problem}`,
    file,
    line,
    column,
    endLine: line,
    endColumn: column + job.id.length,
  };
}
