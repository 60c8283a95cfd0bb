// How a daemon gets the kit: once, whole, by one name, and not for ever.
import { randomBytes } from "node:crypto";
import { copyFileSync } from "node:fs";
import type Docker from "dockerode";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { fillKitVolume } from "../../src/executors/kit/fill-kit-volume.ts";
import type { KitSource } from "../../src/executors/kit/kit-source.ts";
import { ensureKitVolume, kitMount, sweepKitVolumes } from "../../src/executors/kit/kit-volume.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { testKit } from "../support/kit.ts";
import { runContainer } from "../support/run-container.ts";
import { Sandbox } from "../support/slipway.ts";

const FOREVER_AGO_MS = 0;
const SOON_MS = Date.now() + 3_600_000;

let client: Docker;
let real: string;
let busybox: string;
let sandbox: Sandbox;
let content: string;
let source: KitSource;

beforeAll(async () => {
  ({ client } = await testDocker());
  real = (await testKit()).folder;
  busybox = await loadImage(client, "busybox");
});

const described = (hash: string) => ({
  version: "1",
  arch: "x64",
  content: hash,
  node: "1",
  git: "1",
  busybox: "1",
  glibc: "1",
});

/** As if the daemon had the kits of this test alone: those of other tests are as young, and in use. */
async function sweep(keep: string, madeBeforeMs: number): Promise<number> {
  const all = client.listContainers.bind(client);
  const own = vi.spyOn(client, "listContainers").mockImplementation(async (options) => {
    const listed: Docker.ContainerInfo[] = await all(options);
    if (typeof options?.filters !== "object" || !("label" in options.filters)) return listed;
    return listed.filter(({ Names }) => Names.some((name) => name.includes(content.slice(0, 20))));
  });
  try {
    return await sweepKitVolumes(client, keep, madeBeforeMs);
  } finally {
    own.mockRestore();
  }
}

/** A small kit that no other test has. */
beforeEach(() => {
  sandbox = new Sandbox();
  content = randomBytes(32).toString("hex");
  sandbox.write({
    "kit.json": JSON.stringify(described(content)),
    "bin/README": "to be replaced",
    "last.txt": "the end",
  });
  copyFileSync(`${real}/bin/busybox`, sandbox.join("bin/busybox"));
  source = { kind: "folder", folder: sandbox.path };
});
afterEach(async () => {
  sandbox[Symbol.dispose]();
  await removeOwn();
});

const keepers = async () =>
  (await client.listContainers({ all: true, filters: { label: ["slipway.dev/role=kit"] } })).filter(
    ({ Names }) => Names.some((name) => name.includes(content.slice(0, 20))),
  );
const volumes = async () =>
  (await client.listVolumes()).Volumes.filter(({ Name }) => Name.includes(content.slice(0, 20)));

async function removeOwn(): Promise<void> {
  for (const { Id } of await keepers()) await client.getContainer(Id).remove({ force: true });
  for (const { Name } of await volumes()) await client.getVolume(Name).remove();
}

describe("a kit in a daemon", () => {
  it("is read-only, of root, and holds the folder", async () => {
    const volume = await ensureKitVolume(client, source);
    const script = "cat /slipway/last.txt; stat -c ' %u %a' /slipway/bin/busybox; touch /slipway/x";
    const ran = await runContainer(client, {
      image: busybox,
      cmd: ["sh", "-c", script],
      mounts: [kitMount(volume)],
    });
    expect(ran).toEqual({
      code: 1,
      stdout: "the end 0 755\n",
      stderr: expect.stringContaining("Read-only file system"),
    });
  });

  it("costs one question where it is there already", async () => {
    const first = await ensureKitVolume(client, source);
    const asked = vi.spyOn(client.modem, "dial");
    try {
      expect(await ensureKitVolume(client, source)).toEqual(first);
      expect(asked).toHaveBeenCalledTimes(1);
    } finally {
      asked.mockRestore();
    }
  });

  it("is one, however many make it at the same time", async () => {
    const made = await Promise.all([1, 2, 3, 4].map(() => ensureKitVolume(client, source)));
    expect(new Set(made.map(({ name }) => name)).size).toBe(1);
    expect((await volumes()).map(({ Name }) => Name)).toEqual([made[0]?.name]);
    expect(await keepers()).toHaveLength(1);
  });

  it("is another when something in it is", async () => {
    const first = await ensureKitVolume(client, source);
    const other = `${content.slice(0, 23)}${content[23] === "0" ? "1" : "0"}${content.slice(24)}`;
    sandbox.write({ "kit.json": JSON.stringify(described(other)) });
    const second = await ensureKitVolume(client, source);
    expect(second.name).not.toBe(first.name);
    expect(await sweep(first.content, SOON_MS)).toBe(1);
    expect((await volumes()).map(({ Name }) => Name)).toEqual([first.name]);
  });

  it("is never found half filled", async () => {
    // As one leaves it that was killed while it sent the folder.
    const half = `slipway-kit-${content.slice(0, 24)}-half`;
    sandbox.write({ "last.txt": "only half" });
    await fillKitVolume(client, source, half, undefined);
    sandbox.write({ "last.txt": "the end" });
    const { name } = await ensureKitVolume(client, source);
    expect(name).not.toBe(half);
    expect(await volumes()).toHaveLength(2);
    await sweep(content, SOON_MS);
    expect((await volumes()).map(({ Name }) => Name)).toEqual([name]);
  });

  it("leaves nothing behind when it could not be sent", async () => {
    await expect(ensureKitVolume(client, source, AbortSignal.abort())).rejects.toThrow();
    expect(await volumes()).toEqual([]);
    expect(await keepers()).toEqual([]);
  });

  it("is made anew after somebody removed all that does not run", async () => {
    await ensureKitVolume(client, source);
    await removeOwn();
    const { name } = await ensureKitVolume(client, source);
    expect((await volumes()).map(({ Name }) => Name)).toEqual([name]);
  });

  it("cannot be had from a folder that holds none", async () => {
    sandbox.write({ "kit.json": "{}" });
    await expect(ensureKitVolume(client, source)).rejects.toMatchObject({
      code: "NotFound",
      message: expect.stringContaining(sandbox.path),
    });
  });
});

describe("sweeping kits", () => {
  it("takes an old one away, and leaves the one in use, the one to keep, and those made lately", async () => {
    const { name } = await ensureKitVolume(client, source);
    const isThere = async () => (await volumes()).some((volume) => volume.Name === name);
    await sweep(content, SOON_MS);
    expect(await isThere()).toBe(true);
    await sweep("another", FOREVER_AGO_MS);
    expect(await isThere()).toBe(true);
    const user = await client.createContainer({
      Image: busybox,
      HostConfig: { NetworkMode: "none", Mounts: [kitMount({ name, content })] },
    });
    await sweep("another", SOON_MS);
    expect(await isThere()).toBe(true);
    await user.remove();
    await sweep("another", SOON_MS);
    expect(await isThere()).toBe(false);
    expect(await keepers()).toEqual([]);
  });

  it("touches nothing that is not a kit's", async () => {
    const bystander = await client.createContainer({
      name: `slipway-kit-${content.slice(0, 24)}`,
      Image: busybox,
      Labels: { "slipway.dev/role": "job" },
    });
    try {
      expect(await sweep("another", SOON_MS)).toBe(0);
      await expect(bystander.inspect()).resolves.toMatchObject({ Config: { Image: busybox } });
    } finally {
      await bystander.remove();
    }
  });
});
