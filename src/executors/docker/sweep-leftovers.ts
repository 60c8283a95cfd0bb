import type { Clock } from "../../clock.ts";
import type { IsLiveBuild, IsLiveJob } from "../executor.ts";
import type { DockerEngine, Labels } from "./docker-engine.ts";
import { attemptOfLabels, JobNames, LABEL, sharingBuildOf } from "./job-names.ts";
import { removeLabelled } from "./remove-job.ts";

/**
 * Takes away what is left of jobs of an installation that are not live: containers, networks, volumes, images. Where jobs
 * belong to a process, `ownerLives` decides for those that say whose they are. Gives the number of jobs. One that cannot be
 * removed now is left for the next time.
 */
export async function sweepLeftovers(
  engine: DockerEngine,
  clock: Clock,
  installation: string,
  isLive: IsLiveJob,
  ownerLives?: (owner: string) => boolean,
  isLiveBuild: IsLiveBuild = async () => true,
): Promise<number> {
  const ours = { [LABEL.installation]: installation };
  const found = await Promise.all([
    engine.listContainers(ours),
    engine.listNetworks(ours),
    engine.listVolumes(ours),
    engine.listImages(ours),
  ]);
  const jobs = new Map<string, Labels>();
  for (const { labels } of found.flat()) {
    const attempt = attemptOfLabels(labels);
    if (attempt !== undefined) jobs.set(new JobNames(installation, attempt).job, labels);
  }
  let swept = 0;
  for (const labels of jobs.values()) {
    const attempt = attemptOfLabels(labels);
    const owner = labels[LABEL.owner];
    if (attempt === undefined) continue;
    const lives = owner === undefined || ownerLives === undefined ? await isLive(attempt) : ownerLives(owner);
    if (lives) continue;
    try {
      await removeLabelled(engine, clock, new JobNames(installation, attempt).own);
      swept += 1;
    } catch {
      // Busy, or the daemon is: the next sweep finds it again.
    }
  }
  // After the containers that had them.
  for (const { id, labels } of found[2]) {
    const build = sharingBuildOf(labels);
    if (build === undefined || (await isLiveBuild(build))) continue;
    await engine.removeVolume(id).catch(() => {});
  }
  return swept;
}
