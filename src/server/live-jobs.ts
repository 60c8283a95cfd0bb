import { ExecError } from "../errors.ts";
import type { IsLiveBuild, IsLiveJob } from "../executors/executor.ts";
import { isFinal } from "../status.ts";
import type { BuildStore } from "../store/build-store.ts";

/** Attempts that the records still wait for. Of a build that the records do not have, none is. */
export function liveJobs(builds: Pick<BuildStore, "jobs">): IsLiveJob {
  return async ({ buildId, jobKey, attempt }) => {
    try {
      const jobs = await builds.jobs(buildId);
      return jobs.some((job) => job.key === jobKey && job.attempt === attempt && !isFinal(job.status));
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return false;
      throw error;
    }
  };
}

/** Builds that the records do not say the end of. */
export function liveBuilds(builds: Pick<BuildStore, "get">): IsLiveBuild {
  return async (buildId) => {
    try {
      return !isFinal((await builds.get(buildId)).status);
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return false;
      throw error;
    }
  };
}
