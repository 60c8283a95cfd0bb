import type { DockerPlace } from "./docker-settings.ts";
import type { PullSetting } from "./pull-image.ts";

/** How images are pulled at a place. */
export function pullSetting({ engine, clock, settings }: DockerPlace): PullSetting {
  const { pull: policy, dockerConfig, credentialHelper } = settings;
  return { engine, clock, policy, dockerConfig, credentialHelper };
}
