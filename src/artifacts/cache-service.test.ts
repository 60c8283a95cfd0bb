import { mkdir, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openServices, put, type ServicesFixture } from "./services.fixture.ts";

const onRef = (ref: string, base = "") => ({
  jobKey: `on ${ref}`,
  github: {
    repository: "acme/app",
    ref,
    base_ref: base,
    event: { repository: { default_branch: "main" } },
  },
});

/** Paths below the cache folder, without the services' own. */
async function cacheFiles({ folder }: ServicesFixture, name: string): Promise<string[]> {
  const all = await readdir(join(folder, "cache"), { recursive: true, withFileTypes: true });
  return all.filter((e) => e.isFile() && e.name === name).map((e) => join(e.parentPath, e.name));
}

describe("CacheService", () => {
  it("saves and restores by key", async () => {
    const job = await (await openServices()).client();
    expect(await job.saveCache("npm-1", "modules")).toMatchObject({ status: 200, body: { ok: true } });
    expect(await job.restoreCache("npm-1")).toEqual({ key: "npm-1", content: "modules" });
  });

  it("restores the newest by prefix", async () => {
    const { client, time } = await openServices();
    const job = await client();
    for (const key of ["npm-a", "npm-c", "npm-b"]) {
      await job.saveCache(key, `of ${key}`);
      time.now += 1000;
    }
    expect(await job.restoreCache("npm-x", ["npm-"])).toEqual({ key: "npm-b", content: "of npm-b" });
    expect(await job.restoreCache("npm-x", ["pip-"])).toBeUndefined();
  });

  it("tells versions apart: same key, other paths", async () => {
    const job = await (await openServices()).client();
    await job.saveCache("k", "one", "v1");
    expect(await job.restoreCache("k", [], "v2")).toBeUndefined();
    expect((await job.saveCache("k", "two", "v2")).body.ok).toBe(true);
    expect(await job.restoreCache("k", [], "v1")).toMatchObject({ content: "one" });
  });

  it("never changes a cache", async () => {
    const job = await (await openServices()).client();
    await job.saveCache("k", "first");
    expect(await job.saveCache("k", "second")).toMatchObject({
      status: 409,
      body: {
        code: "already_exists",
        msg: "Cache already exists. Scope: refs/heads/main, Key: k, Version: v",
      },
    });
    expect(await job.restoreCache("k")).toMatchObject({ content: "first" });
  });

  it("shares the caches of the default branch and the base, and of no other ref", async () => {
    const { client } = await openServices();
    await (await client(onRef("refs/heads/main"))).saveCache("main", "m");
    await (await client(onRef("refs/heads/next"))).saveCache("next", "n");
    await (await client(onRef("refs/heads/topic"))).saveCache("topic", "t");
    const pull = await client({ ...onRef("refs/pull/1/merge", "next") });
    expect(await pull.restoreCache("main")).toBeDefined();
    expect(await pull.restoreCache("next")).toBeDefined();
    expect(await pull.restoreCache("topic")).toBeUndefined();
    await pull.saveCache("main", "own");
    expect(await pull.restoreCache("main")).toEqual({ key: "main", content: "own" });
    const main = await client(onRef("refs/heads/main"));
    expect(await main.restoreCache("main")).toEqual({ key: "main", content: "m" });
  });

  it("hides the caches of other repositories", async () => {
    const { client } = await openServices();
    await (await client()).saveCache("k", "ours");
    const stranger = await client({
      jobKey: "x",
      github: { repository: "acme/other", ref: "refs/heads/main" },
    });
    expect(await stranger.restoreCache("k")).toBeUndefined();
    expect((await stranger.cache("ListCacheEntries", { key: "k" })).body.entries).toEqual([]);
  });

  it("lets one job upload a key at a time", async () => {
    const { client } = await openServices();
    const [a, b] = [await client({ jobKey: "a" }), await client({ jobKey: "b" })];
    const answers = await Promise.all(
      [a, b, a, b].map((job) => job.cache("CreateCacheEntry", { key: "k", version: "v" })),
    );
    expect(answers.filter((x) => x.status === 409).length).toBeGreaterThanOrEqual(2);
    const [owner, other] = answers[0]?.status === 200 || answers[2]?.status === 200 ? [a, b] : [b, a];
    expect(
      (await other.cache("FinalizeCacheEntryUpload", { key: "k", version: "v", size_bytes: "0" })).status,
    ).toBe(404);
    expect((await owner.saveCache("k", "again by its owner")).body.ok).toBe(true);
  });

  it("keeps the first of two runs that save one key at the same time", async () => {
    const first = await openServices();
    const second = await first.again();
    const [a, b] = [await first.client(), await second.client({ buildId: "build-2" })];
    const urls = await Promise.all(
      [a, b].map(async (job) => {
        const { body } = await job.cache("CreateCacheEntry", { key: "k", version: "v" });
        return String(body.signed_upload_url);
      }),
    );
    await Promise.all([put(urls[0] ?? "", "of a"), put(urls[1] ?? "", "of b")]);
    const finish = { key: "k", version: "v", size_bytes: "4" };
    expect((await b.cache("FinalizeCacheEntryUpload", finish)).body.ok).toBe(true);
    const late = await a.cache("FinalizeCacheEntryUpload", finish);
    expect(late.body).toMatchObject({ ok: false, message: expect.stringContaining("already") });
    expect(await a.restoreCache("k")).toEqual({ key: "k", content: "of b" });
  });

  it("keeps caches over restarts", async () => {
    const fixture = await openServices();
    await (await fixture.client()).saveCache("k", "kept");
    await fixture.services.close();
    const job = await (await fixture.again()).client({ buildId: "build-2" });
    expect(await job.restoreCache("k")).toMatchObject({ content: "kept" });
  });

  it("drops what was never finished", async () => {
    const fixture = await openServices();
    const job = await fixture.client();
    const { body } = await job.cache("CreateCacheEntry", { key: "k", version: "v" });
    await put(String(body.signed_upload_url), "content");
    expect(await job.restoreCache("k")).toBeUndefined();
    await fixture.services.close();
    expect(await readdir(join(fixture.folder, "cache/.uploads"))).toEqual([]);
  });

  it.each([
    ["is cut short", (archive: string) => writeFile(archive, "x")],
    ["is gone", (archive: string) => rm(archive)],
  ])("takes a cache whose archive %s for none, and lets it be saved again", async (_, spoil) => {
    const fixture = await openServices();
    const job = await fixture.client();
    await job.saveCache("k", "content");
    const [archive = ""] = await cacheFiles(fixture, "archive");
    await spoil(archive);
    fixture.time.now += 3600_000;
    expect(await job.restoreCache("k")).toBeUndefined();
    expect((await job.saveCache("k", "anew")).body.ok).toBe(true);
    expect(await job.restoreCache("k")).toMatchObject({ content: "anew" });
  });

  it.each(["", "not json", "{}", '{"format":2}'])("passes over a record that holds %j", async (text) => {
    const fixture = await openServices();
    const job = await fixture.client();
    await job.saveCache("bad", "x");
    const [record = ""] = await cacheFiles(fixture, "entry.json");
    await writeFile(record, text);
    await job.saveCache("good", "y");
    expect(await job.restoreCache("x", ["bad", "good"])).toEqual({ key: "good", content: "y" });
  });

  it("makes room by removing what was used longest ago", async () => {
    const fixture = await openServices({ cacheQuotaBytes: 3500 });
    const job = await fixture.client();
    const content = "x".repeat(800);
    for (const key of ["a", "b", "c"]) await job.saveCache(key, content);
    // File times are real ones: make all old, b the oldest, then use a.
    for (const record of await cacheFiles(fixture, "entry.json")) {
      const age = record.includes("/b/") ? 1 : 2;
      await utimes(record, age, age);
    }
    expect(await job.restoreCache("a")).toBeDefined();
    await job.saveCache("d", content);
    const found = await Promise.all(["a", "b", "c", "d"].map((key) => job.restoreCache(key)));
    expect(found.map((cache) => cache?.key)).toEqual(["a", undefined, "c", "d"]);
  });

  it("refuses a cache that is larger than all caches together may be", async () => {
    const job = await (await openServices({ cacheQuotaBytes: 1000 })).client();
    const { body } = await job.cache("CreateCacheEntry", { key: "k", version: "v" });
    const answer = await put(String(body.signed_upload_url), "x".repeat(5000));
    expect(answer.status).toBe(507);
    expect(answer.text).toContain("larger than the limit of 1000 bytes");
  });

  it("clears away archives that belong to nothing", async () => {
    const fixture = await openServices({ cacheQuotaBytes: 1500 });
    const stray = join(fixture.folder, "cache/acme_app/v/s/k");
    await mkdir(stray, { recursive: true });
    await writeFile(join(stray, "archive"), "x".repeat(1200));
    const job = await fixture.client();
    await job.saveCache("k", "y".repeat(500));
    expect(await cacheFiles(fixture, "archive")).toHaveLength(1);
    expect(await job.restoreCache("k")).toBeDefined();
  });

  it.each([
    ["no key", { key: "", version: "v" }],
    ["a comma", { key: "a,b", version: "v" }],
    ["513 characters", { key: "x".repeat(513), version: "v" }],
    ["no version", { key: "k", version: "" }],
    ["a key of another kind", { key: 7, version: "v" }],
  ])("refuses to save with %s", async (_, request) => {
    const job = await (await openServices()).client();
    expect(await job.cache("CreateCacheEntry", request)).toMatchObject({
      status: 400,
      body: { code: "invalid_argument" },
    });
  });

  it("looks for at most ten keys", async () => {
    const job = await (await openServices()).client();
    const restore_keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const answer = await job.cache("GetCacheEntryDownloadURL", { key: "k", restore_keys, version: "v" });
    expect(answer.status).toBe(400);
  });

  it.each(["../../../etc/passwd", "a/b\\c", "日本語 🚢", ".", "x".repeat(512), "K", "k"])(
    "keeps the odd key %j apart",
    async (key) => {
      const fixture = await openServices();
      const job = await fixture.client();
      await job.saveCache("k-other", "other");
      expect((await job.saveCache(key, "content")).body.ok).toBe(true);
      expect(await job.restoreCache(key)).toEqual({ key, content: "content" });
      for (const file of await cacheFiles(fixture, "archive")) {
        expect(file.startsWith(join(fixture.folder, "cache/"))).toBe(true);
      }
    },
  );

  it("denies by cache mode with the words the clients know", async () => {
    const { client } = await openServices();
    const reader = await client({ jobKey: "r", cacheMode: "read" });
    expect((await reader.cache("CreateCacheEntry", { key: "k", version: "v" })).body).toEqual({
      ok: false,
      signed_upload_url: "",
      message: "cache write denied: this job may save no caches",
    });
    const writer = await client({ jobKey: "w", cacheMode: "write-only" });
    expect((await writer.saveCache("k", "x")).body.ok).toBe(true);
    const denied = await writer.cache("GetCacheEntryDownloadURL", { key: "k", version: "v" });
    expect(denied).toMatchObject({
      status: 403,
      body: { msg: "cache read denied: this job may read no caches" },
    });
    expect(await reader.restoreCache("k")).toMatchObject({ content: "x" });
  });

  it("serves the methods of early clients too", async () => {
    const job = await (await openServices()).client();
    await job.saveCache("k-1", "abc");
    const lookup = await job.cache("LookupCacheEntry", { key: "k-9", restore_keys: ["k-"], version: "v" });
    const entry = {
      key: "k-1",
      hash: "",
      size_bytes: "3",
      scope: "refs/heads/main",
      version: "v",
      created_at: "2026-01-01T00:00:00.000Z",
    };
    expect(lookup.body).toEqual({ exists: true, entry });
    expect((await job.cache("LookupCacheEntry", { key: "x", version: "v" })).body).toEqual({ exists: false });
    expect((await job.cache("ListCacheEntries", { key: "k" })).body).toEqual({ entries: [entry] });
    expect((await job.cache("DeleteCacheEntry", { key: "k-1" })).body.ok).toBe(true);
    expect((await job.cache("DeleteCacheEntry", { key: "k-1" })).body).toEqual({ ok: false, entry_id: "0" });
    expect(await job.restoreCache("k-1")).toBeUndefined();
  });
});
