// What the kit costs: the first time in a daemon, each time after that, and node over an empty command in a container.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { KIT } from "../src/executors/kit/kit-layout.ts";
import { ensureKitVolume, kitMount, sweepKitVolumes } from "../src/executors/kit/kit-volume.ts";
import { loadImage } from "../test/support/images/load-image.ts";
import { benchDocker } from "./docker-daemon.ts";
import { compare, type Result, timed } from "./measure.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

export async function bench(): Promise<Result[]> {
  const printed = execFileSync(process.execPath, ["scripts/build-kit.ts"], { cwd: root, encoding: "utf8" });
  const folder = printed.slice(0, printed.lastIndexOf(": "));
  const source = { kind: "folder", folder } as const;
  await using daemon = await benchDocker();
  const { client } = daemon;
  const image = await loadImage(client, "glibc");
  const plain = () => timed(() => run(client, image, ["true"], []));
  const first = async () => {
    await sweepKitVolumes(client, "none", Date.now() + 3_600_000);
    return await timed(() => ensureKitVolume(client, source));
  };
  const steady = () => timed(() => ensureKitVolume(client, source));
  const volume = async () => kitMount(await ensureKitVolume(client, source));
  return [
    await compare({
      name: "kit: first in a daemon, to docker run",
      goal: { ms: 1000 },
      runs: 7,
      ours: first,
      baseline: plain,
    }),
    await compare({
      name: "kit: there already, to docker run",
      goal: { ms: 50 },
      runs: 15,
      ours: steady,
      baseline: plain,
    }),
    await compare({
      name: "kit: docker run with it, and without",
      goal: { ratio: 1.2 },
      runs: 15,
      ours: async () => {
        const mount = await volume();
        return await timed(() => run(client, image, ["true"], [mount]));
      },
      baseline: plain,
    }),
    await compare({
      name: "kit: its node, to an empty command",
      goal: { ratio: 1.5 },
      runs: 15,
      ours: async () => {
        const mount = await volume();
        return await timed(() => run(client, image, [KIT.node, "--eval", ""], [mount]));
      },
      baseline: plain,
    }),
  ];
}

/** As `docker run --rm`. */
async function run(
  client: Docker,
  image: string,
  command: string[],
  mounts: Docker.MountSettings[],
): Promise<void> {
  const container = await client.createContainer({
    Image: image,
    Cmd: command,
    HostConfig: { NetworkMode: "none", Mounts: mounts },
  });
  const ended = container.wait({ condition: "next-exit" });
  await container.start();
  const { StatusCode } = await ended;
  await container.remove();
  if (StatusCode !== 0) throw new Error(`${command.join(" ")} ended with ${StatusCode}`);
}
