import { randomUUID } from "node:crypto";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type dockerAt, testDocker } from "../../../test/support/docker.ts";
import { loadConformanceImages } from "../../../test/support/images/conformance-images.ts";
import { testKit } from "../../../test/support/kit.ts";
import { systemClock } from "../../clock.ts";
import type { ExecutorUnderTest, ImagesUnderTest } from "../conformance/executor-under-test.ts";
import { hostPlace } from "../conformance/host-place.ts";
import { plainRequest } from "../conformance/plain-request.ts";
import { processesWith } from "../conformance/processes-with.ts";
import { DockerExecutor, type DockerExecutorOptions } from "./docker-executor.ts";
import { dockerodeEngine } from "./dockerode-engine.ts";
import { parseEngineAddress } from "./engine-address.ts";
import { FakeRegistry } from "./fake-registry.fixture.ts";
import { HeldPulls } from "./held-pulls.fixture.ts";
import { LABEL } from "./job-names.ts";
import { ToggledSocket } from "./toggled-socket.fixture.ts";

type Docker = ReturnType<typeof dockerAt>["client"];

export interface DockerPlaceOptions {
  readonly mode: "bind" | "volume";
  /** A kit to use as it is; absent: the real one. */
  readonly kitFolder?: string;
  readonly more?: Partial<DockerExecutorOptions>;
}

/** A place on the run's Docker daemon, reached through a socket that can be taken away. */
export async function dockerPlace({ mode, kitFolder, more = {} }: DockerPlaceOptions): Promise<
  ExecutorUnderTest & {
    readonly images: ImagesUnderTest;
    readonly client: Docker;
    readonly installation: string;
  }
> {
  const { client, socketPath = "" } = await testDocker();
  const images = await loadConformanceImages(client);
  const kit: DockerExecutorOptions["kit"] =
    kitFolder === undefined ? (await testKit()).source : { kind: "bind", folder: kitFolder };
  const host = hostPlace();
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-docker-")));
  const wire = await ToggledSocket.open(join(root, "d.sock"), socketPath);
  const installation = `test-${randomUUID()}`;
  const registry = await FakeRegistry.open();
  const pulls = new HeldPulls();
  const executors: DockerExecutor[] = [];
  const open = (): DockerExecutor => {
    const executor = new DockerExecutor({
      images: { "ubuntu-latest": images.plain },
      installation,
      mode,
      outlives: mode === "volume",
      pull: "missing",
      defaults: {},
      rules: { privileged: false, hostPaths: false },
      network: {},
      socketFolder: join(root, "s"),
      patienceMs: 20_000,
      clock: systemClock,
      kit,
      engine: async () =>
        pulls.before(
          await dockerodeEngine({ address: parseEngineAddress(`unix://${wire.path}`), clock: systemClock }),
        ),
      ...more,
    });
    executors.push(executor);
    return executor;
  };
  const ours = { filters: { label: [`${LABEL.installation}=${installation}`] } };
  const containers = async () => await client.listContainers({ all: true, ...ours });
  const roots = new Map<string, string>();
  const rootOf = (jobKey: string) => {
    const own = roots.get(jobKey) ?? join(root, `job-${roots.size}`);
    roots.set(jobKey, own);
    return own;
  };
  return {
    client,
    installation,
    executor: open(),
    images,
    request: (jobKey) => ({
      ...plainRequest("build", jobKey, rootOf(jobKey)),
      placement: { labels: ["ubuntu-latest"], services: [], stepImages: [], clone: false },
    }),
    paths: () => ({ workspace: "/__w/project/project", temp: "/__w/_temp" }),
    isAlive: async (marker) => processesWith(marker).length > 0,
    leftovers: async () => {
      const { Volumes } = await client.listVolumes(ours as object);
      return [
        ...(await containers()).map(({ Names }) => `container ${Names.join(" ")}`),
        ...(await client.listNetworks(ours as object)).map(({ Name }) => `network ${Name}`),
        ...Volumes.map(({ Name }) => `volume ${Name}`),
      ];
    },
    exposed: async (text) => {
      const found: string[] = [];
      for (const { Id, Names } of await containers()) {
        const all = JSON.stringify(await client.getContainer(Id).inspect());
        if (all.includes(text)) found.push(`container ${Names.join(" ")}`);
      }
      return found;
    },
    ...(mode === "bind" ? { checkout: host.checkout, publishAction: host.publishAction } : {}),
    ...(mode === "volume" ? { reopen: async () => open() } : {}),
    readOnlyRoot: {
      placement: {
        labels: ["ubuntu-latest"],
        container: { image: images.plain, env: {}, ports: [], volumes: [], options: "--read-only" },
        services: [],
        stepImages: [],
        clone: false,
      },
    },
    memoryLimit: (bytes) => ({
      placement: {
        labels: ["ubuntu-latest"],
        container: { image: images.plain, env: {}, ports: [], volumes: [], options: `--memory ${bytes}` },
        services: [],
        stepImages: [],
        clone: false,
      },
    }),
    infrastructure: {
      missingImage: `${registry.host}/nobody/has-this:1`,
      holdPlaces: async () => pulls.hold(),
      vanish: async ({ jobKey }) => {
        const job = (await containers()).find(
          ({ Labels }) => Labels[LABEL.jobKey] === jobKey && Labels[LABEL.role] === "job",
        );
        await client.getContainer(job?.Id ?? "").remove({ force: true });
      },
      ...(mode === "volume"
        ? {
            cutOff: async () => {
              wire.cut();
              return async () => wire.mend();
            },
          }
        : {}),
    },
    close: async () => {
      await Promise.all(executors.map((executor) => executor.close()));
      for (const { Id } of await containers()) await client.getContainer(Id).remove({ force: true, v: true });
      await wire.close();
      registry.close();
      await host.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
