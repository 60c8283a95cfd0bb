import { ExecError } from "../../errors.ts";
import { suggest } from "../../spec/suggest.ts";
import type { Conclusion } from "../../status.ts";
import type { CarriedJob } from "../../store/build-record.ts";
import type { JobRecord } from "../../store/job-record.ts";
import type { RerunRequest } from "./executor-service.ts";

/**
 * Which jobs of an ended attempt stand, so that the next one does not run them. Whatever needs a job that runs again
 * runs again too: all of its legs, and all of the workflow it calls. A leg or a called job that runs again takes no other
 * leg and no other job of its workflow along, but what needs the whole.
 *
 * Only jobs with steps are named: what becomes of the groups above them follows from them.
 */
export function planRerun(jobs: readonly JobRecord[], what: RerunRequest["what"]): readonly CarriedJob[] {
  if (what.kind === "all") return [];
  const latest = jobs.filter((job) => job.latest);
  const again = new Rerun(latest);
  for (const { key } of what.kind === "job" ? [named(latest, what.key)] : failed(latest)) again.run(key);
  return latest
    .filter(({ kind, key }) => kind === "job" && !again.has(key))
    .map((job) => ({
      key: job.key,
      jobId: job.carriedFrom ?? job.id,
      outcome: outcomeOf(job),
      outputs: job.outputs,
    }));
}

class Rerun {
  readonly #byKey = new Map<string, JobRecord>();
  readonly #inside = new Map<string, string[]>();
  readonly #neededBy = new Map<string, string[]>();
  /** These run again, with everything inside them. */
  readonly #again = new Set<string>();
  /** Something inside these runs again. */
  readonly #touched = new Set<string>();

  constructor(jobs: readonly JobRecord[]) {
    for (const job of jobs) {
      this.#byKey.set(job.key, job);
      const above = job.legOf ?? job.parent;
      if (above !== undefined) add(this.#inside, above, job.key);
      for (const need of job.needs) add(this.#neededBy, need, job.key);
    }
  }

  has(key: string): boolean {
    return this.#again.has(key);
  }

  run(key: string): void {
    const open = [key];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (this.#again.has(next)) continue;
      this.#again.add(next);
      open.push(...(this.#inside.get(next) ?? []));
      for (let above: string | undefined = next; above !== undefined; above = this.#above(above)) {
        if (this.#touched.has(above)) break;
        this.#touched.add(above);
        open.push(...(this.#neededBy.get(above) ?? []));
      }
    }
  }

  #above(key: string): string | undefined {
    const job = this.#byKey.get(key);
    return job?.legOf ?? job?.parent;
  }
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function named(jobs: readonly JobRecord[], key: string): JobRecord {
  const found = jobs.find((job) => job.key === key);
  if (found !== undefined) return found;
  const keys = jobs.map((job) => job.key);
  const guess = suggest(key, keys);
  const hint = guess === undefined ? `Jobs: ${keys.join(", ")}` : `Did you mean '${guess}'?`;
  throw new ExecError("InvalidSpec", `There is no job '${key}' in this build. ${hint}`);
}

/**
 * What failed or was cancelled. A failure that the file allows (`continue-on-error`) stands, unless nothing else failed.
 * Of groups only those that ended so by themselves, before they had a leg or a job.
 */
function failed(jobs: readonly JobRecord[]): readonly JobRecord[] {
  const groups = new Set(jobs.map((job) => job.legOf ?? job.parent));
  const single = jobs.filter(({ key }) => !groups.has(key));
  const bad = single.filter((job) => isBad(job.result ?? conclusionOf(job)));
  const found = bad.length > 0 ? bad : single.filter((job) => isBad(outcomeOf(job)));
  if (found.length === 0 && jobs.length > 0)
    throw new ExecError("Conflict", "No job of this build has failed.");
  return found;
}

function isBad(conclusion: Conclusion): boolean {
  return conclusion === "failure" || conclusion === "cancelled";
}

function outcomeOf(job: JobRecord): Conclusion {
  return job.outcome ?? job.result ?? conclusionOf(job);
}

/** Of one that has no result: it ended with its build, not by itself. */
function conclusionOf({ status }: JobRecord): Conclusion {
  switch (status) {
    case "succeeded":
      return "success";
    case "failed":
      return "failure";
    case "skipped":
      return "skipped";
    default:
      return "cancelled";
  }
}
