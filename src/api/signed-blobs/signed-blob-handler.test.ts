import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { SignedBlobUrls } from "../../blobs/signed-blob-urls.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { SignedBlobHandler } from "./signed-blob-handler.ts";

describe("blobs by signed addresses", () => {
  let folder: string;
  let server: Server;
  let urls: SignedBlobUrls;
  let blobs: FolderBlobStore;
  let now = 1_000_000;
  const download = (key: string, lifetimeMs = 60_000) =>
    urls.download(key, { fileName: "résumé.txt", contentType: "text/plain", lifetimeMs });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-signed-"));
    blobs = new FolderBlobStore({ root: folder });
    now = 1_000_000;
    server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const clock = { now: () => now, monotonic: () => now, after: () => () => {} };
    urls = new SignedBlobUrls({ secret: new Uint8Array(32), clock, base: `${origin}/api/v1/blobs` });
    const handler = new SignedBlobHandler({ blobs, urls, logger: silentLogger });
    server.on("request", async (request, response) => {
      if (!(await handler.handle(request, response))) response.writeHead(404).end("not mine");
    });
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  it("give the bytes, with the name to save them as, and as nothing that could run here", async () => {
    await blobs.put("a b/ü.txt", Buffer.from("hello"));
    const response = await fetch(await download("a b/ü.txt"));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("hello");
    expect(response.headers.get("content-type")).toBe("text/plain");
    expect(response.headers.get("content-disposition")).toContain("filename*=UTF-8''r%C3%A9sum%C3%A9.txt");
    expect(response.headers.get("content-security-policy")).toBe("sandbox");
  });

  it("give a range, and the head alone", async () => {
    await blobs.put("a", Buffer.from("hello"));
    const part = await fetch(await download("a"), { headers: { range: "bytes=1-3" } });
    expect([part.status, await part.text()]).toEqual([206, "ell"]);
    const head = await fetch(await download("a"), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, "5"]);
  });

  it("take what fits, and nothing larger", async () => {
    const url = await urls.upload("up/a", { lifetimeMs: 60_000, maxBytes: 5 });
    expect((await fetch(url, { method: "PUT", body: "123456" })).status).toBe(507);
    expect(await blobs.stat("up/a")).toBeUndefined();
    expect((await fetch(url, { method: "PUT", body: "12345" })).status).toBe(201);
    expect(await blobs.stat("up/a")).toMatchObject({ sizeBytes: 5 });
  });

  it("refuse what is too old, changed, or for another method", async () => {
    await blobs.put("a", Buffer.from("hello"));
    await blobs.put("b", Buffer.from("other"));
    const url = await download("a");
    for (const [wrong, method] of [
      [url.replace("/blobs/a?", "/blobs/b?"), "GET"],
      [url.replace(/sig=./, "sig=_"), "GET"],
      [url, "PUT"],
      [url, "DELETE"],
      [url.replace(/\?.*/, ""), "GET"],
    ] as const) {
      const response = await fetch(wrong, { method, ...(method === "PUT" ? { body: "x" } : {}) });
      expect(response.status, `${method} ${wrong}`).toBe(403);
      expect(await response.json()).toMatchObject({ status: 403, code: "Forbidden" });
    }
    now += 60_001;
    expect((await fetch(url)).status).toBe(403);
  });

  it("say that a blob is not there, and that an address is broken", async () => {
    expect((await fetch(await download("none"))).status).toBe(404);
    const url = new URL(await download("a"));
    url.pathname = "/api/v1/blobs/%E0%A4%A";
    expect((await fetch(url)).status).toBe(422);
  });

  it("leave other paths to others", async () => {
    const url = new URL(await download("a"));
    url.pathname = "/api/v1/projects";
    expect(await (await fetch(url)).text()).toBe("not mine");
  });
});
