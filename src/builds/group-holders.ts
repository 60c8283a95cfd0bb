import { callersOf, type JobLeg, type WorkflowRun } from "./workflow-run.ts";

/** The holder of the build's own concurrency group. */
const BUILD_HOLDER = "";

/** A leg holds a group by its key; the workflow it calls holds its own by that key and a slash. */
export function holderOf(run: WorkflowRun): string {
  return run.caller === undefined ? BUILD_HOLDER : `${run.caller.key}/`;
}

/** What a leg runs within and would wait for in vain: its workflow, the leg that calls that, and so on. */
export function holdersAround(leg: JobLeg): string[] {
  const holders = [holderOf(leg.node.run)];
  for (const caller of callersOf(leg.node.run)) holders.push(caller.key, holderOf(caller.node.run));
  return holders;
}

/** The leg of a holder, and whether it is the workflow it calls that holds. Undefined: the build itself. */
export function legOfHolder(holder: string): { readonly key: string; readonly called: boolean } | undefined {
  if (holder === BUILD_HOLDER) return undefined;
  return holder.endsWith("/") ? { key: holder.slice(0, -1), called: true } : { key: holder, called: false };
}
