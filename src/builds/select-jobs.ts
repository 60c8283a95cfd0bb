import { suggest } from "../spec/suggest.ts";
import type { JobSpec } from "../spec/workflow-spec.ts";

/** The named jobs and everything they need, in the order of the file; all jobs where none is named. */
export function selectJobs(
  jobs: readonly JobSpec[],
  names: readonly string[] = [],
): { readonly jobs: readonly JobSpec[]; readonly problems: readonly string[] } {
  if (names.length === 0) return { jobs, problems: [] };
  const byId = new Map(jobs.map((job) => [job.id.toLowerCase(), job]));
  const unknown = names.filter((name) => !byId.has(name.toLowerCase()));
  if (unknown.length > 0) return { jobs: [], problems: unknown.map((name) => unknownJob(name, jobs)) };
  const wanted = new Set<JobSpec>();
  const open = [...names];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const job = byId.get(name.toLowerCase());
    if (job === undefined || wanted.has(job)) continue;
    wanted.add(job);
    open.push(...job.needs);
  }
  return { jobs: jobs.filter((job) => wanted.has(job)), problems: [] };
}

function unknownJob(name: string, jobs: readonly JobSpec[]): string {
  const ids = jobs.map(({ id }) => id);
  const guess = suggest(name, ids);
  return `There is no job '${name}'. ${guess === undefined ? `Jobs: ${ids.join(", ")}` : `Did you mean '${guess}'?`}`;
}
