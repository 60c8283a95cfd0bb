import { createHash } from "node:crypto";
import type { JobName } from "./job-tokens.ts";

/** What the clients of the artifact service call a run. */
export function runBackendId(runId: string): string {
  return uuidFor(["run", runId]);
}

/** What they call one attempt at a job. */
export function jobBackendId(job: JobName): string {
  return uuidFor(["job", job.buildId, job.jobKey, job.attempt]);
}

function uuidFor(parts: readonly (string | number)[]): string {
  const hex = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const groups = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`];
  return [...groups, hex.slice(20, 32)].join("-");
}
