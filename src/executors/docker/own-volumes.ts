import type { DockerEngine, MountSpec } from "./docker-engine.ts";

/**
 * Makes the volumes among these mounts that are a job's own. A container that is created makes missing ones too, but podman
 * gives them neither labels nor options then: nobody would find them again.
 */
export async function createOwnVolumes(
  engine: DockerEngine,
  mounts: readonly MountSpec[],
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    mounts.map(async ({ Type, Source, VolumeOptions: { Labels, DriverConfig } = {} }) => {
      if (Type !== "volume" || Source === undefined || Labels === undefined) return;
      await engine.createVolume(Source, Labels, DriverConfig?.Options ?? {}, signal);
    }),
  );
}
