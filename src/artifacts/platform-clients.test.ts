import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { testS3 } from "../../test/support/s3.ts";
import { S3BlobStore } from "../blobs/s3-blob-store.ts";
import { ARTIFACT, CACHE, clientStep, writeAll } from "./client-step.fixture.ts";
import { openPlatform } from "./platform.fixture.ts";

async function openBucket(): Promise<S3BlobStore> {
  const { dispose, ...bucket } = await testS3();
  const store = new S3BlobStore({ ...bucket, prefix: "slipway/" });
  onTestFinished(async () => {
    await store.close();
    await dispose();
  });
  return store;
}

describe("two servers behind one address", { timeout: 60_000 }, () => {
  it.each([
    ["a folder", async () => ({})],
    ["S3", async () => ({ blobs: await openBucket() })],
  ])(
    "take an artifact of many blocks from @actions/artifact into %s, and give it back",
    async (_, options) => {
      const fixture = await openPlatform(await options());
      const { run, workspace } = await clientStep(fixture);
      const big = await open(join(workspace, "big"), "w");
      await big.truncate(20_000_000);
      await big.write("the end", 19_999_990);
      await big.close();
      const result = await run(`${ARTIFACT}
      const { id, size } = await client.uploadArtifact("big", ["big"], ".", { compressionLevel: 0 });
      const { artifact } = await client.getArtifact("big");
      const options = { path: "down", expectedHash: artifact.digest };
      done({ id, size, ...(await client.downloadArtifact(id, options)) });`);
      expect(result).toMatchObject({ digestMismatch: false });
      expect((await stat(join(workspace, "down/big"))).size).toBe(20_000_000);
      const [kept] = await fixture.records.store.artifacts.listArtifacts(
        "clients",
        fixture.records.clock.now(),
      );
      expect(kept).toMatchObject({
        databaseId: (result as { id: number }).id,
        sizeBytes: (result as { size: number }).size,
      });
      expect(await fixture.keys("uploads/")).toEqual([]);
    },
  );

  it.each([
    ["v2", {}],
    ["v1", { ACTIONS_CACHE_SERVICE_V2: "" }],
  ])("save and restore caches for @actions/cache over %s", async (_, extra) => {
    const fixture = await openPlatform();
    const saver = await clientStep(fixture, { jobKey: "save" }, extra);
    await writeAll(saver.workspace, { "mods/a.txt": "a", "mods/sub/ü.txt": "ü" });
    const saved = await saver.run(`${CACHE}
      const id = await cache.saveCache(["mods"], "npm-linux-1");
      const again = await cache.saveCache(["mods"], "npm-linux-1");
      done({ saved: id > 0, again });`);
    expect(saved).toEqual({ saved: true, again: -1 });
    const user = await clientStep(fixture, { jobKey: "restore", buildId: "next" }, extra);
    const found = await user.run(`${CACHE}
      done(await cache.restoreCache(["mods"], "npm-linux-2", ["pip-", "npm-"]));`);
    expect(found).toBe("npm-linux-1");
    expect(await readFile(join(user.workspace, "mods/sub/ü.txt"), "utf8")).toBe("ü");
  });
});
