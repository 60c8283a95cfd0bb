import type { JobNames } from "./job-names.ts";

/** Of the folder in which a worker listens for a job; short, since paths of sockets are. */
export function socketFolderName({ job }: Pick<JobNames, "job">): string {
  return job.slice(-20);
}
