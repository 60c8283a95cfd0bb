import type { BuildRecord, JobRecord } from "../record/run-record.ts";

/** Jobs as people count them: in the place of a group stand its legs, or the jobs it calls, once they are known. */
export function visibleJobs(build: BuildRecord): JobRecord[] {
  const children = Map.groupBy(build.jobs.values(), ({ parent }) => parent);
  const expand = (job: JobRecord): JobRecord[] => {
    const inside = children.get(job.key);
    return job.kind === "group" && inside !== undefined ? inside.flatMap(expand) : [job];
  };
  return [...build.jobs.values()]
    .filter(({ parent }) => parent === undefined || !build.jobs.has(parent))
    .flatMap(expand);
}
