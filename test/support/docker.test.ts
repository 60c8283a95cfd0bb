import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { expect, it } from "vitest";
import { testDocker } from "./docker.ts";
import { loadImage } from "./images/load-image.ts";
import { startDocker } from "./parts/docker-server.ts";

it("gives a daemon that answers", async () => {
  const { client, host } = await testDocker();
  expect(host).toMatch(/^(unix|tcp):/);
  expect(await client.version()).toMatchObject({ Os: "linux" });
});

it("leaves nothing of a daemon that is stopped while containers run on it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-docker-"));
  try {
    const daemon = await startDocker(folder);
    const client = new Docker({ socketPath: daemon.info.socketPath });
    const image = await loadImage(client, "scratch");
    const network = await client.createNetwork({ Name: "left" });
    const container = await client.createContainer({
      Image: image,
      Cmd: ["sleep", "600"],
      HostConfig: { NetworkMode: network.id },
    });
    await container.start();
    const { State } = await container.inspect();
    const bridge = `/sys/class/net/br-${network.id.slice(0, 12)}`;
    const isMounted = () => readFileSync("/proc/self/mounts", "utf8").includes(folder);
    const runs = () => existsSync(`/proc/${State.Pid}`);
    expect([existsSync(bridge), isMounted(), runs()]).toEqual([true, true, true]);
    await daemon.stop();
    expect([existsSync(bridge), isMounted(), runs()]).toEqual([false, false, false]);
    expect(readdirSync(folder)).not.toContain("data");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
