import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestBucket, testS3 } from "../../test/support/s3.ts";
import { S3BlobStore } from "./s3-blob-store.ts";
import { S3BlobUrls } from "./s3-blob-urls.ts";

const KEY = "artifacts/a b/ü%?.zip";
const download = { fileName: "grün.zip", contentType: "application/zip", lifetimeMs: 60_000 };

describe("S3BlobUrls", () => {
  let bucket: TestBucket;
  let store: S3BlobStore;
  let urls: S3BlobUrls;

  beforeAll(async () => {
    bucket = await testS3();
    store = new S3BlobStore(bucket);
    urls = new S3BlobUrls(store);
    await store.put(KEY, Buffer.from("the bytes"));
  });
  afterAll(async () => {
    await store.close();
    await bucket.dispose();
  });

  it("lets anyone read the blob from the S3 server itself, under its name and type", async () => {
    const response = await fetch(await urls.download(KEY, download));
    expect(await response.text()).toBe("the bytes");
    expect(response.headers.get("content-type")).toMatch(/^application\/zip/);
    expect(response.headers.get("content-disposition")).toBe(
      "attachment; filename=\"gr_n.zip\"; filename*=UTF-8''gr%C3%BCn.zip",
    );
  });

  it("lets anyone write the blob", async () => {
    const address = await urls.upload("uploads/new", { lifetimeMs: 60_000 });
    const response = await fetch(address, { method: "PUT", body: "written" });
    expect(response.status).toBe(200);
    expect(await store.stat("uploads/new")).toMatchObject({ sizeBytes: 7 });
  });

  it.each<[string, (address: URL) => void]>([
    ["another key", (address) => Object.assign(address, { pathname: "/bucket/another" })],
    ["a longer life", (address) => address.searchParams.set("X-Amz-Expires", "600")],
    ["another signature", (address) => address.searchParams.set("X-Amz-Signature", "0".repeat(64))],
  ])("is refused with %s", async (_, change) => {
    const address = new URL(await urls.download(KEY, download));
    change(address);
    expect((await fetch(address)).status).toBe(403);
  });

  it("is refused for writing where it is for reading", async () => {
    const response = await fetch(await urls.download(KEY, download), { method: "PUT", body: "x" });
    expect(response.status).toBe(403);
  });

  it.each([0, 999, 8 * 24 * 3600 * 1000, Number.NaN])("makes no address for %d ms", async (lifetimeMs) => {
    await expect(urls.upload(KEY, { lifetimeMs })).rejects.toMatchObject({ code: "InvalidSpec" });
  });
});
