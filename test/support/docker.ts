import Docker from "dockerode";
import { inject } from "vitest";
import { usePart } from "./parts/use-part.ts";

export interface TestDocker {
  /** As in `DOCKER_HOST`: `unix:///…` or `tcp://…`. */
  readonly host: string;
  /** Where `host` is a socket of this machine. */
  readonly socketPath: string | undefined;
  readonly client: Docker;
}

/**
 * The run's Docker daemon, or the one `SLIPWAY_TEST_DOCKER_HOST` names. All test files of a run share it: what a test makes
 * it names or labels as its own, and removes. It has no image that was not loaded (`images/load-image.ts`), no registry
 * within reach, and no default network: containers that talk want a user-defined one.
 */
export async function testDocker(): Promise<TestDocker> {
  const host =
    process.env.SLIPWAY_TEST_DOCKER_HOST ??
    (await usePart(inject("partsFolder"), inject("partsOwner"), "docker")).host ??
    "";
  return dockerAt(host);
}

/** The same for who has a daemon's address already. */
export function dockerAt(host: string): TestDocker {
  if (host.startsWith("unix://")) {
    const socketPath = host.slice("unix://".length);
    return { host, socketPath, client: new Docker({ socketPath }) };
  }
  const { hostname, port } = new URL(host);
  return { host, socketPath: undefined, client: new Docker({ host: hostname, port: port || 2375 }) };
}
