import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { installationId } from "./installation-id.ts";

it("is made up once, and is the same for every process over the same blobs", async () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-installation-"));
  try {
    const open = () => new FolderBlobStore({ root });
    const [one, two] = await Promise.all([installationId(open(), "one"), installationId(open(), "two")]);
    expect(["one", "two"]).toContain(one);
    expect(two).toBe(one);
    expect(await installationId(open(), "three")).toBe(one);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
