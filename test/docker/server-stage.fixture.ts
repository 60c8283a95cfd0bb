// Servers whose workers run jobs in containers of the run's Docker daemon, and what they leave there.
import { randomUUID } from "node:crypto";
import { LABEL } from "../../src/executors/docker/job-names.ts";
import { type TestDocker, testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { testKit } from "../support/kit.ts";

export interface ServerStage {
  readonly docker: TestDocker;
  /** Bash and coreutils. */
  readonly glibc: string;
  readonly busybox: string;
  readonly installation: string;
  /** Settings of its servers. */
  readonly env: Readonly<Record<string, string>>;
  /** Containers, networks, volumes and images of jobs, by name. */
  readonly leftovers: () => Promise<readonly string[]>;
  /** Ids of containers of jobs themselves that run. */
  readonly running: () => Promise<readonly string[]>;
}

/** `ubuntu-latest` is the image with bash. */
export async function serverStage(given?: TestDocker): Promise<ServerStage> {
  const docker = given ?? (await testDocker());
  await testKit();
  const { client } = docker;
  const [glibc, busybox] = await Promise.all([loadImage(client, "glibc"), loadImage(client, "busybox")]);
  const installation = `test-${randomUUID()}`;
  const filters = { label: [`${LABEL.installation}=${installation}`] };
  const text = JSON.stringify(filters) as never;
  return {
    docker,
    glibc,
    busybox,
    installation,
    env: {
      DOCKER_HOST: docker.host,
      SLIPWAY_INSTALLATION: installation,
      SLIPWAY_WORKER_EXECUTORS: "docker",
      SLIPWAY_DOCKER_IMAGES: `ubuntu-latest=${glibc}`,
      SLIPWAY_ACTIONS_OFFLINE: "true",
    },
    leftovers: async () => [
      ...(await client.listContainers({ all: true, filters })).map(({ Names }) => Names.join(" ")),
      ...(await client.listNetworks({ filters })).map(({ Name }) => Name),
      ...(await client.listVolumes({ filters: text })).Volumes.map(({ Name }) => Name),
      ...(await client.listImages({ filters: text })).map(({ Id }) => Id),
    ],
    running: async () => {
      const label = [...filters.label, `${LABEL.role}=job`];
      return (await client.listContainers({ filters: { label } })).map(({ Id }) => Id);
    },
  };
}
