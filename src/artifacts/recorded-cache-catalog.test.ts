import { describe, expect, it } from "vitest";
import { openPlatform } from "./platform.fixture.ts";
import { RecordedCacheCatalog } from "./recorded-cache-catalog.ts";
import type { JobClient } from "./services.fixture.ts";

describe("caches of a server", () => {
  it("are found by later builds: exactly, by prefix, or not at all", async () => {
    const fixture = await openPlatform();
    expect((await (await fixture.client()).saveCache("npm-linux-1", "modules")).body.ok).toBe(true);
    const user = await fixture.client({ buildId: "build-2" });
    expect(await user.restoreCache("npm-linux-1")).toEqual({ key: "npm-linux-1", content: "modules" });
    expect(await user.restoreCache("npm-linux-2", ["pip-", "npm-"])).toEqual({
      key: "npm-linux-1",
      content: "modules",
    });
    expect(await user.restoreCache("gem-1", ["pip-"])).toBeUndefined();
    expect(await user.restoreCache("npm-linux-1", [], "other version")).toBeUndefined();
    expect(await user.restoreCache("npm_linux_1", ["npm%"])).toBeUndefined();
    expect(await fixture.keys("uploads/")).toEqual([]);
  });

  it("belong to a project, and in it to a branch: read by its own pull requests, and the default branch's by all", async () => {
    const fixture = await openPlatform();
    const on = (ref: string, more: object = {}) => ({
      github: { ref, event: { repository: { default_branch: "main" } }, ...more },
    });
    const main = await fixture.client();
    const feature = await fixture.client({ jobKey: "feature", ...on("refs/heads/feature") });
    const other = await fixture.client({ jobKey: "other", ...on("refs/heads/other") });
    const pull = await fixture.client({
      jobKey: "pull",
      ...on("refs/pull/7/merge", { base_ref: "feature" }),
    });
    const foreign = await fixture.client({ buildId: "p2:build" });
    await main.saveCache("of main", "m");
    await feature.saveCache("of feature", "f");
    const seen = async (job: JobClient) =>
      Promise.all(["of main", "of feature"].map(async (key) => (await job.restoreCache(key)) !== undefined));
    expect(await seen(main)).toEqual([true, false]);
    expect(await seen(feature)).toEqual([true, true]);
    expect(await seen(other)).toEqual([true, false]);
    expect(await seen(pull)).toEqual([true, true]);
    expect(await seen(foreign)).toEqual([false, false]);
    expect((await feature.saveCache("of main", "my own")).body.ok).toBe(true);
    expect((await main.saveCache("of main", "again")).status).toBe(409);
  });

  it("go when the project's quota is passed, the least recently used first; another project's stay", async () => {
    const fixture = await openPlatform({ cacheQuotaBytes: 250 });
    const { clock } = fixture.records;
    const job = await fixture.client();
    const foreign = await fixture.client({ buildId: "p2:build" });
    const content = "x".repeat(100);
    await foreign.saveCache("theirs", content);
    for (const key of ["first", "second"]) {
      await job.saveCache(key, content);
      clock.advance(120_000);
    }
    await job.restoreCache("first");
    clock.advance(120_000);
    await job.saveCache("third", content);
    const left = async (client: JobClient) =>
      Promise.all(
        ["first", "second", "third", "theirs"].map(
          async (key) => (await client.restoreCache(key)) !== undefined,
        ),
      );
    expect(await left(job)).toEqual([true, false, true, false]);
    expect(await left(foreign)).toEqual([false, false, false, true]);
    expect(await fixture.keys("caches/p1/")).toHaveLength(2);
    const tooLarge = await job.saveCache("huge", "x".repeat(251));
    expect(tooLarge.body.ok).not.toBe(true);
    expect(await left(job)).toEqual([true, false, true, false]);
  });

  it("go for a new one though they were used after it came: it is what the quota was passed for", async () => {
    const fixture = await openPlatform({ cacheQuotaBytes: 150 });
    const catalog = new RecordedCacheCatalog({
      records: fixture.records.store.artifacts,
      store: fixture.blobs,
      clock: fixture.records.clock,
    });
    const add = (key: string) =>
      catalog.add(
        { space: "p1", scope: "refs/heads/main", key, version: "v" },
        { sizeBytes: 100, digest: async () => "", keep: async (_store, blobKey) => blobKey },
      );
    const fresh = await add("fresh");
    fixture.records.clock.advance(120_000);
    await add("used later");
    expect(await catalog.evict(150, fresh)).toBe(1);
    const left = await fixture.records.store.artifacts.listCaches({ projectId: "p1" });
    expect(left.map(({ key }) => key)).toEqual(["fresh"]);
  });

  it("are forgotten where their bytes are gone or were cut", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.saveCache("gone", "x");
    await job.saveCache("cut", "whole");
    const rows = await fixture.records.store.artifacts.listCaches({ projectId: "p1" });
    for (const { key, blobKey } of rows) {
      if (key === "gone") await fixture.blobs.delete(blobKey);
      else await fixture.blobs.put(blobKey, Buffer.from("cu"));
    }
    expect(await job.restoreCache("gone", ["cu"])).toBeUndefined();
    expect(await fixture.records.store.artifacts.listCaches({ projectId: "p1" })).toEqual([]);
    expect((await job.saveCache("gone", "back")).body.ok).toBe(true);
  });

  it("are taken over the first protocol too, range by range at different servers", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    const json = { "content-type": "application/json" };
    const reserved = await job.request("/_apis/artifactcache/caches", {
      ...{ method: "POST", headers: json, body: JSON.stringify({ key: "k", version: "v" }) },
    });
    const path = `/_apis/artifactcache/caches/${reserved.body.cacheId}`;
    const send = (start: number, text: string) =>
      job.request(path, {
        ...{ method: "PATCH", body: text },
        headers: { "content-range": `bytes ${start}-${start + text.length - 1}/*` },
      });
    expect((await send(6, "world")).status).toBe(204);
    const gap = await job.request(path, { method: "POST", headers: json, body: '{"size":11}' });
    expect(gap.status).toBe(400);
    expect((await send(0, "hello ")).status).toBe(204);
    // The same again, and one that overlaps: as after a timeout.
    await send(0, "hello ");
    await send(3, "lo w");
    expect((await job.request(path, { method: "POST", headers: json, body: '{"size":11}' })).status).toBe(
      204,
    );
    expect(await job.restoreCache("k")).toEqual({ key: "k", content: "hello world" });
    const other = await fixture.client({ jobKey: "other" });
    expect(
      (await other.request(path, { method: "PATCH", headers: { "content-range": "bytes 0-0/*" }, body: "x" }))
        .status,
    ).toBe(404);
    expect(await fixture.keys("uploads/")).toEqual([]);
  });
});
