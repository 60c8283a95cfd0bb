import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderBlobStore } from "./folder-blob-store.ts";
import { getVerified, verifyBlob } from "./verify-blob.ts";

const BYTES = Buffer.from("as it was stored");
const DIGEST = { sizeBytes: BYTES.length, sha256: createHash("sha256").update(BYTES).digest("hex") };

describe("the integrity check of a blob", () => {
  let root: string;
  let store: FolderBlobStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "slipway-blobs-"));
    store = new FolderBlobStore({ root });
    await store.put("k", BYTES);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("passes what is as it was stored", async () => {
    await verifyBlob(store, "k", DIGEST);
    expect(await text("k")).toBe("as it was stored");
  });

  it.each([
    ["other bytes", "as it was Stored"],
    ["fewer bytes", "as it was"],
    ["more bytes", "as it was stored, and more"],
    ["none", ""],
  ])("finds %s", async (_, now) => {
    await writeFile(store.pathOf("k"), now);
    await expect(verifyBlob(store, "k", DIGEST)).rejects.toMatchObject({
      code: "Permanent",
      message: /damaged/,
    });
    await expect(text("k")).rejects.toMatchObject({ code: "Permanent", message: /damaged/ });
  });

  it("says NotFound of one that is gone", async () => {
    await expect(verifyBlob(store, "gone", DIGEST)).rejects.toMatchObject({ code: "NotFound" });
  });

  async function text(key: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await getVerified(store, key, DIGEST)).body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
});
