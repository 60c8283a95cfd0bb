import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobStoreConformance } from "./blob-store.conformance.ts";
import { FolderBlobStore } from "./folder-blob-store.ts";

const cases = [
  ["a folder", { foldsCase: false, durable: false }],
  ["a folder on a file system that folds case", { foldsCase: true, durable: false }],
  ["a folder that is durable", { foldsCase: false, durable: true }],
] as const;

for (const [name, options] of cases) {
  blobStoreConformance(name, async () => {
    const root = await mkdtemp(join(tmpdir(), "slipway-blobs-"));
    return {
      store: new FolderBlobStore({ root: join(root, "made/when/needed"), ...options }),
      dispose: () => rm(root, { recursive: true, force: true }),
    };
  });
}

describe("FolderBlobStore", () => {
  let top: string;
  let root: string;
  let store: FolderBlobStore;

  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), "slipway-blobs-"));
    root = join(top, "store");
    await mkdir(root);
    store = new FolderBlobStore({ root, foldsCase: false });
  });
  afterEach(() => rm(top, { recursive: true, force: true }));

  it.each([
    ["build-1/My app/My app.zip", "build-1/My app/My app.zip"],
    ["日本語/ü.txt", "日本語/ü.txt"],
    [".hidden/a.", "%2Ehidden/a%2E"],
    ["50%/a:b", "50%25/a%3Ab"],
  ])("shows %j as the file %j", (key, path) => {
    expect(store.pathOf(key)).toBe(join(root, path));
  });

  it("makes no file name longer than a file system takes", () => {
    const names = store.pathOf(`${"ab.".repeat(300)}x`).split("/");
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBeLessThanOrEqual(255);
  });

  it("leaves nothing but the blobs behind", async () => {
    await store.put("a/b/c", Buffer.from("x"));
    await store.delete("a/b/c");
    expect(await readdir(root)).toEqual([".tmp"]);
    expect(await readdir(join(root, ".tmp"))).toEqual([]);
  });

  it("follows no link to a folder outside, neither reading nor writing nor listing nor deleting", async () => {
    const outside = join(top, "outside");
    await mkdir(outside);
    await writeFile(join(outside, "secret"), "secret");
    await symlink(outside, join(root, "door"));
    await expect(store.get("door/secret")).rejects.toMatchObject({ code: "Forbidden" });
    await expect(store.stat("door/secret")).rejects.toMatchObject({ code: "Forbidden" });
    await expect(store.delete("door/secret")).rejects.toMatchObject({ code: "Forbidden" });
    await expect(store.put("door/new", Buffer.from("x"))).rejects.toMatchObject({ code: "Forbidden" });
    expect(await keys(store)).toEqual([]);
    expect(await readdir(outside)).toEqual(["secret"]);
  });

  it("follows no link to a file: it is no blob, and a put replaces the link, not its target", async () => {
    await writeFile(join(top, "secret"), "secret");
    await symlink(join(top, "secret"), join(root, "link"));
    await expect(store.get("link")).rejects.toMatchObject({ code: "Forbidden" });
    expect(await store.stat("link")).toBeUndefined();
    await store.put("link", Buffer.from("mine"));
    expect(await readFile(join(top, "secret"), "utf8")).toBe("secret");
    expect(await readFile(join(root, "link"), "utf8")).toBe("mine");
  });

  it("takes no link in place of a file", async () => {
    await writeFile(join(top, "secret"), "secret");
    await symlink(join(top, "secret"), join(top, "link"));
    await expect(store.put("k", { file: join(top, "link"), move: false })).rejects.toMatchObject({
      code: "InvalidSpec",
    });
  });

  it("says clearly that its folder cannot be made", async () => {
    await writeFile(join(top, "file"), "");
    const broken = new FolderBlobStore({ root: join(top, "file", "store") });
    await expect(broken.put("k", Buffer.from("x"))).rejects.toMatchObject({
      name: "ExecError",
      message: expect.stringContaining("cannot store k: ENOTDIR"),
    });
  });

  it("survives many writers and deleters of one folder at once", async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const key = `shared/deep/${i % 4}`;
        await store.put(key, Buffer.from("x"));
        await store.delete(key);
      }),
    );
    expect(await keys(store)).toEqual([]);
  });
});

async function keys(store: FolderBlobStore): Promise<string[]> {
  const found: string[] = [];
  for await (const stat of store.list("")) found.push(stat.key);
  return found;
}
