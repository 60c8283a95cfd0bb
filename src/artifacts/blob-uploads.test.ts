import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { BlobUploads } from "./blob-uploads.ts";

const MOST = 100;

/** As two servers have them that share a store. */
async function open() {
  const root = await mkdtemp(join(tmpdir(), "slipway-uploads-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const store = new FolderBlobStore({ root });
  const server = () => new BlobUploads({ store, prefix: "uploads/x", isOwned: async () => false });
  const [one, other] = [server(), server()];
  const begin = (name: string, owner = "job", by = one) =>
    by.begin({ name, owner, about: {}, maxBytes: 10, contentKey: (id) => `content/${id}` });
  return { one, other, begin };
}

describe("unfinished uploads", () => {
  it("are limited for each job, until one is finished", async () => {
    const { one, begin } = await open();
    const begun = await Promise.all(Array.from({ length: MOST }, (_, at) => begin(`a${at}`)));
    await expect(begin("more")).rejects.toMatchObject({ code: "QuotaExceeded" });
    expect(await begin("of another", "other job")).toBeDefined();
    const [first] = begun;
    if (first === undefined) throw new Error("none was begun");
    await one.end(first);
    expect(await begin("more")).toBeDefined();
    await expect(begin("still more")).rejects.toMatchObject({ code: "QuotaExceeded" });
  });

  it("count no more where another server has finished them", async () => {
    const { other, begin } = await open();
    for (let at = 0; at < MOST; at += 1) {
      const upload = await begin(`a${at}`);
      if (upload !== undefined) await other.end(upload);
    }
    expect(await begin("more")).toBeDefined();
  });

  it("count no more when their job has ended", async () => {
    const { one, begin } = await open();
    await Promise.all(Array.from({ length: MOST }, (_, at) => begin(`a${at}`)));
    await one.endAllOf("job");
    expect(await begin("a0")).toBeDefined();
  });

  it("that lost the race for a name do not count", async () => {
    const { other, begin } = await open();
    await begin("taken", "other job", other);
    for (let at = 0; at <= MOST; at += 1) expect(await begin("taken")).toBeUndefined();
    expect(await begin("free")).toBeDefined();
  });
});
