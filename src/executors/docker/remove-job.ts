import type { Clock } from "../../clock.ts";
import type { DockerEngine, Labels, Listed } from "./docker-engine.ts";
import { sleep } from "./sleep.ts";

const TRIES = 8;

/**
 * Takes away all that has these labels: containers (killed, with their unnamed volumes), then networks and volumes, then
 * images that were built. What resists is tried again for some seconds, or `tries` times. Rejects with the last reason if
 * something stays.
 */
export async function removeLabelled(
  engine: DockerEngine,
  clock: Clock,
  labels: Labels,
  tries = TRIES,
): Promise<void> {
  await persist(clock, tries, async () => {
    const [containers, networks, volumes, images] = await Promise.all([
      engine.listContainers(labels),
      engine.listNetworks(labels),
      engine.listVolumes(labels),
      engine.listImages(labels),
    ]);
    await all(containers, ({ id }) => engine.removeContainer(id));
    await Promise.all([
      all(networks, ({ id }) => engine.removeNetwork(id)),
      all(volumes, ({ id }) => engine.removeVolume(id)),
      all(images, ({ id }) => engine.removeImage(id)),
    ]);
  });
}

/** One that fails keeps no other from being removed. */
async function all(found: readonly Listed[], remove: (one: Listed) => Promise<unknown>): Promise<void> {
  const results = await Promise.allSettled(found.map(remove));
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function persist(clock: Clock, limit: number, action: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await action();
      return;
    } catch (error) {
      if (tries === limit) throw error;
      await sleep(clock, Math.min(2_000, 50 * 2 ** tries));
    }
  }
}
