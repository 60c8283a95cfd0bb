// The runner image: what deploy/runner/Dockerfile describes, made without a builder.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { beforeAll, expect, it } from "vitest";
import { kitImage } from "../../scripts/kit/kit-image.ts";
import { KIT } from "../../src/executors/kit/kit-layout.ts";
import { ensureKitVolume, kitMount } from "../../src/executors/kit/kit-volume.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { testKit } from "../support/kit.ts";
import { runContainer } from "../support/run-container.ts";

const arch = process.arch === "arm64" ? "arm64" : "x64";
const NODE = [KIT.node, "-p", "process.execPath + ' ' + process.getuid()"];
const reference = `slipway/runner:test-${process.pid}`;

let client: Docker;
beforeAll(async () => {
  ({ client } = await testDocker());
  const { folder } = await testKit();
  await loadImage(client, { reference, ...(await kitImage(folder, arch, reference)) });
}, 120_000);

it("gives the kit to a pod as its init container: by its own command, as anybody", async () => {
  const scratch = await loadImage(client, "scratch", {
    files: [{ path: "kit", type: "directory", mode: 0o777 }],
  });
  const volume = client.getVolume(`kit-image-${process.pid}`);
  await client.createVolume({ Name: volume.name });
  try {
    const at = (Target: string, ReadOnly: boolean): Docker.MountSettings => ({
      Type: "volume",
      Source: volume.name,
      Target,
      ReadOnly,
    });
    // An emptyDir may be written to by everybody; so is this volume, by the image that is mounted on it first.
    await runContainer(client, { image: scratch, cmd: ["say"], mounts: [at("/kit", false)] });
    expect(
      await runContainer(client, { image: reference, user: "12345", mounts: [at("/kit", false)] }),
    ).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    const ran = await runContainer(client, {
      image: await loadImage(client, "scratch"),
      entrypoint: NODE,
      cmd: [],
      user: "54321",
      readOnly: true,
      mounts: [at("/slipway", true)],
    });
    expect(ran).toEqual({ code: 0, stdout: `${KIT.node} 54321\n`, stderr: "" });
  } finally {
    await volume.remove();
  }
});

it("runs node by itself", async () => {
  expect(
    (await runContainer(client, { image: reference, entrypoint: NODE, cmd: [], user: "1" })).stdout,
  ).toBe(`${KIT.node} 1\n`);
});

it("gives a daemon the kit without the folder", async () => {
  const volume = await ensureKitVolume(client, { kind: "image", reference });
  expect(await ensureKitVolume(client, { kind: "image", reference })).toEqual(volume);
  const ran = await runContainer(client, {
    image: await loadImage(client, "scratch"),
    entrypoint: NODE,
    cmd: [],
    user: "54321",
    readOnly: true,
    mounts: [kitMount(volume)],
  });
  expect(ran).toEqual({ code: 0, stdout: `${KIT.node} 54321\n`, stderr: "" });
});

it("is the same for the same kit", async () => {
  const { folder } = await testKit();
  const [one, two] = [await kitImage(folder, arch, "a:1"), await kitImage(folder, arch, "a:1")];
  expect(one.imageId).toBe(two.imageId);
  expect(one.tar.equals(two.tar)).toBe(true);
});

it("is started as its Dockerfile says, and has the same at its place", async () => {
  const file = readFileSync(
    fileURLToPath(new URL("../../deploy/runner/Dockerfile", import.meta.url)),
    "utf8",
  );
  const last = file.slice(file.indexOf("FROM scratch"));
  const said = (word: string): unknown =>
    JSON.parse(new RegExp(`^${word} (.*)$`, "m").exec(last)?.[1] ?? "null");
  const { Config } = await client.getImage(reference).inspect();
  expect(Config.Entrypoint).toEqual(said("ENTRYPOINT"));
  expect(Config.Cmd).toEqual(said("CMD"));
  expect(last).toContain("COPY --from=kit /slipway /slipway\n");
  for (const target of ["amd64) arch=x64", "arm64) arch=arm64"]) expect(file).toContain(target);
});
