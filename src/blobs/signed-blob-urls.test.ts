import { describe, expect, it } from "vitest";
import { FakeClock } from "../fake-clock.ts";
import { SignedBlobUrls } from "./signed-blob-urls.ts";

const SECRET = new Uint8Array(32).fill(7);
const KEY = "artifacts/a b/ü?.zip";

function setUp() {
  const clock = new FakeClock();
  clock.advance(1_000_000);
  return { clock, urls: new SignedBlobUrls({ secret: SECRET, clock }) };
}

function request(address: string, method: string, change: (url: URL) => void = () => {}) {
  const url = new URL(address, "http://server");
  change(url);
  const key = url.pathname.slice("/api/v1/blobs/".length).split("/").map(decodeURIComponent).join("/");
  return { method, key, query: url.searchParams };
}

const download = { fileName: "app.zip", contentType: "application/zip", lifetimeMs: 60_000 };

describe("SignedBlobUrls", () => {
  it("lets whoever has the address read that blob, under its name and type", async () => {
    const { urls } = setUp();
    const address = await urls.download(KEY, download);
    expect(address).toMatch(/^\/api\/v1\/blobs\/artifacts\/a%20b\/%C3%BC%3F\.zip\?/);
    expect(urls.verify(request(address, "GET"))).toEqual({
      method: "GET",
      key: KEY,
      expiresAt: 1_060_000,
      fileName: "app.zip",
      contentType: "application/zip",
    });
    expect(urls.verify(request(address, "HEAD"))).toMatchObject({ method: "GET" });
  });

  it("lets whoever has the address write that blob, up to its size", async () => {
    const { urls } = setUp();
    const address = await urls.upload(KEY, { lifetimeMs: 60_000, maxBytes: 10 });
    const put = request(address, "PUT");
    expect(urls.verify({ ...put, contentLength: 10 })).toEqual({
      method: "PUT",
      key: KEY,
      expiresAt: 1_060_000,
      maxBytes: 10,
    });
    expect(() => urls.verify({ ...put, contentLength: 11 })).toThrow(
      expect.objectContaining({ code: "QuotaExceeded" }),
    );
    expect(() => urls.verify(put)).toThrow(expect.objectContaining({ code: "InvalidSpec" }));
  });

  it("takes any length where the address sets no limit", async () => {
    const { urls } = setUp();
    const address = await urls.upload(KEY, { lifetimeMs: 60_000 });
    expect(urls.verify(request(address, "PUT"))).toMatchObject({ method: "PUT", key: KEY });
  });

  it.each<[string, string, (url: URL) => void]>([
    ["another method", "PUT", () => {}],
    ["a method it never allows", "DELETE", () => {}],
    ["another key", "GET", (url) => Object.assign(url, { pathname: "/api/v1/blobs/another" })],
    ["a later end", "GET", (url) => url.searchParams.set("expires", "9999999999999")],
    ["no end", "GET", (url) => url.searchParams.delete("expires")],
    ["another file name", "GET", (url) => url.searchParams.set("name", "setup.exe")],
    ["another type", "GET", (url) => url.searchParams.set("type", "text/html")],
    ["another signature", "GET", (url) => url.searchParams.set("sig", "A".repeat(43))],
    ["no signature", "GET", (url) => url.searchParams.delete("sig")],
  ])("refuses an address for %s", async (_, method, change) => {
    const { urls } = setUp();
    const address = await urls.download(KEY, download);
    expect(() => urls.verify(request(address, method, change))).toThrow(
      expect.objectContaining({ code: "Forbidden" }),
    );
  });

  it.each<[string, (url: URL) => void]>([
    ["a larger size", (url) => url.searchParams.set("max", "1000")],
    ["no size", (url) => url.searchParams.delete("max")],
  ])("refuses an upload whose address was changed to %s", async (_, change) => {
    const { urls } = setUp();
    const address = await urls.upload(KEY, { lifetimeMs: 60_000, maxBytes: 10 });
    expect(() => urls.verify({ ...request(address, "PUT", change), contentLength: 5 })).toThrow(
      expect.objectContaining({ code: "Forbidden" }),
    );
  });

  it("refuses an address that is too old, and one of another server", async () => {
    const { clock, urls } = setUp();
    const address = await urls.download(KEY, download);
    const stranger = new SignedBlobUrls({ secret: new Uint8Array(32).fill(8), clock });
    expect(() => stranger.verify(request(address, "GET"))).toThrow("signature");
    clock.advance(59_999);
    expect(urls.verify(request(address, "GET"))).toMatchObject({ key: KEY });
    clock.advance(1);
    expect(() => urls.verify(request(address, "GET"))).toThrow("this address has expired");
  });

  it.each([0, -1, Number.NaN, 8 * 24 * 3600 * 1000])("makes no address for %d ms", async (lifetimeMs) => {
    const { urls } = setUp();
    await expect(urls.download(KEY, { ...download, lifetimeMs })).rejects.toMatchObject({
      code: "InvalidSpec",
    });
  });

  it("makes no address for what is not a key, and signs with no weak secret", async () => {
    const { clock, urls } = setUp();
    await expect(urls.download("../etc", download)).rejects.toMatchObject({ code: "InvalidSpec" });
    expect(() => new SignedBlobUrls({ secret: new Uint8Array(8), clock })).toThrow("too short");
  });
});
