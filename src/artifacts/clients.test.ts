import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ARTIFACT, CACHE, clientStep, writeAll } from "./client-step.fixture.ts";
import { openServices } from "./services.fixture.ts";

describe("@actions/artifact", { timeout: 120_000 }, () => {
  it("uploads, lists, finds, downloads and deletes, with names in any script", async () => {
    const fixture = await openServices({ clock: Date.now });
    const { run, workspace } = await clientStep(fixture);
    const files = { "dist/app.js": "app", "dist/日本語 ü.txt": "unicode", "dist/empty": "" };
    await writeAll(workspace, files);
    const result = await run(`${ARTIFACT}
      const files = ${JSON.stringify(Object.keys(files))};
      const uploaded = await client.uploadArtifact("Größe 🚢", files, ".", { retentionDays: 5 });
      const { artifacts } = await client.listArtifacts();
      const { artifact } = await client.getArtifact("Größe 🚢");
      const options = { path: "down", expectedHash: artifact.digest };
      const { digestMismatch } = await client.downloadArtifact(artifact.id, options);
      done({ uploaded, artifacts, artifact, digestMismatch });`);
    const { uploaded } = result as { uploaded: { id: number; size: number; digest: string } };
    const artifact = {
      name: "Größe 🚢",
      id: uploaded.id,
      size: uploaded.size,
      digest: `sha256:${uploaded.digest}`,
      createdAt: expect.any(String),
    };
    expect(result).toEqual({ uploaded, artifacts: [artifact], artifact, digestMismatch: false });
    for (const [path, text] of Object.entries(files)) {
      expect(await readFile(join(workspace, "down", path), "utf8")).toBe(text);
    }
    const [stored] = await fixture.services.listArtifacts("clients");
    expect(stored).toMatchObject({ id: uploaded.id, sizeBytes: uploaded.size });
    expect(stored?.expiresAt).toBeLessThan(Date.now() + 5.1 * 24 * 3600 * 1000);

    const other = await clientStep(fixture, { jobKey: "other" });
    const deleted = await other.run(`${ARTIFACT}
      const { id } = await client.deleteArtifact("Größe 🚢");
      const { artifacts } = await client.listArtifacts();
      const missing = await client.getArtifact("Größe 🚢").catch((error) => error.name);
      done({ id, artifacts, missing });`);
    expect(deleted).toEqual({ id: uploaded.id, artifacts: [], missing: "ArtifactNotFoundError" });
  });

  it("uploads one file as it is, and gets it back under its own name", async () => {
    const fixture = await openServices({ clock: Date.now });
    const { run, workspace } = await clientStep(fixture);
    await writeAll(workspace, { "out/Bericht ü 1.html": "<p>hi", "out/none.bin": "" });
    await run(`${ARTIFACT}
      for (const file of ["out/Bericht ü 1.html", "out/none.bin"]) {
        const { id } = await client.uploadArtifact("ignored", [file], "out", { skipArchive: true });
        await client.downloadArtifact(id, { path: "down" });
      }
      done();`);
    expect(await readdir(join(workspace, "down"))).toEqual(["Bericht ü 1.html", "none.bin"]);
    expect(await readFile(join(workspace, "down/Bericht ü 1.html"), "utf8")).toBe("<p>hi");
    const [stored] = await fixture.services.listArtifacts("clients");
    expect(await readFile(stored?.path ?? "", "utf8")).toBe("<p>hi");
  });

  it("is told at once, in words, that the name is taken", async () => {
    const { run, workspace } = await clientStep(await openServices({ clock: Date.now }));
    await writeAll(workspace, { f: "x" });
    const message = await run(`${ARTIFACT}
      await client.uploadArtifact("a", ["f"], ".");
      await client.uploadArtifact("a", ["f"], ".").then(() => done("no error"), (error) => done(error.message));`);
    expect(message).toBe(
      'Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: an artifact with this name already exists on the workflow run: "a"',
    );
  });

  it("uploads and downloads 200 MB in many blocks at once", async () => {
    const fixture = await openServices({ clock: Date.now });
    const { run, workspace } = await clientStep(fixture);
    const big = await open(join(workspace, "big"), "w");
    await big.truncate(200_000_000);
    await big.write("the end", 199_999_990);
    await big.close();
    const result = await run(`${ARTIFACT}
      const { id, size } = await client.uploadArtifact("big", ["big"], ".", { compressionLevel: 0 });
      const { artifact } = await client.getArtifact("big");
      const options = { path: "down", expectedHash: artifact.digest };
      done({ size, ...(await client.downloadArtifact(id, options)) });`);
    expect(result).toMatchObject({ digestMismatch: false });
    expect((await stat(join(workspace, "down/big"))).size).toBe(200_000_000);
    const [stored] = await fixture.services.listArtifacts("clients");
    expect(stored?.sizeBytes).toBeGreaterThan(200_000_000);
    expect(await readdir(join(fixture.folder, "artifacts/.uploads"), { recursive: true })).toHaveLength(1);
  });
});

describe("@actions/cache", { timeout: 120_000 }, () => {
  it.each([
    ["v2", {}],
    ["v1", { ACTIONS_CACHE_SERVICE_V2: "" }],
    ["v1, as on a server of one's own", { GITHUB_SERVER_URL: "https://git.example.com" }],
  ])("saves and restores over %s: exact, by prefix, not at all", async (_, extra) => {
    const fixture = await openServices({ clock: Date.now });
    const saver = await clientStep(fixture, { jobKey: "save" }, extra);
    await writeAll(saver.workspace, { "mods/a.txt": "a", "mods/sub/ü.txt": "ü" });
    const saved = await saver.run(`${CACHE}
      const id = await cache.saveCache(["mods"], "npm-linux-1");
      const again = await cache.saveCache(["mods"], "npm-linux-1");
      done({ saved: id > 0, again });`);
    expect(saved).toEqual({ saved: true, again: -1 });

    const user = await clientStep(fixture, { jobKey: "restore", buildId: "next" }, extra);
    const found = await user.run(`${CACHE}
      const { rm } = await import("node:fs/promises");
      const exact = await cache.restoreCache(["mods"], "npm-linux-1");
      await rm("mods", { recursive: true });
      const prefix = await cache.restoreCache(["mods"], "npm-linux-2", ["pip-", "npm-"]);
      const none = await cache.restoreCache(["mods"], "pip-", ["gem-"]);
      const otherPaths = await cache.restoreCache(["elsewhere"], "npm-linux-1");
      const lookup = await cache.restoreCache(["mods"], "npm-linux-1", [], { lookupOnly: true });
      done({ exact, prefix, none: none ?? null, otherPaths: otherPaths ?? null, lookup });`);
    const key = "npm-linux-1";
    expect(found).toEqual({ exact: key, prefix: key, none: null, otherPaths: null, lookup: key });
    expect(await readFile(join(user.workspace, "mods/sub/ü.txt"), "utf8")).toBe("ü");
  });

  it("saves what is too large for one request, and restores it", async () => {
    const fixture = await openServices({ clock: Date.now });
    const { run, workspace } = await clientStep(fixture);
    const result = await run(`${CACHE}
      const { randomBytes } = await import("node:crypto");
      const { rm } = await import("node:fs/promises");
      await mkdir("mods");
      for (let i = 0; i < 15; i++) await writeFile("mods/" + i, randomBytes(10_000_000));
      const id = await cache.saveCache(["mods"], "big");
      await rm("mods", { recursive: true });
      done({ id, found: await cache.restoreCache(["mods"], "big") });`);
    expect(result).toMatchObject({ id: expect.any(Number), found: "big" });
    expect((await stat(join(workspace, "mods/14"))).size).toBe(10_000_000);
  });
});

describe("@actions/core", { timeout: 120_000 }, () => {
  it("gets an id token for an audience", async () => {
    const { run } = await clientStep(await openServices(), { permissions: "write-all" });
    const token = await run(
      `const core = await import("${import.meta.resolve("@actions/core")}"); done(await core.getIDToken("a&b=c:// ü"));`,
    );
    const claims = JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ aud: "a&b=c:// ü", sub: "repo:acme/app:ref:refs/heads/main" });
  });
});
