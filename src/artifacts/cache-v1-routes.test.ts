import { describe, expect, it } from "vitest";
import { type JobClient, openServices } from "./services.fixture.ts";

const API = "/_apis/artifactcache/";

async function reserve(
  job: JobClient,
  body: object,
): Promise<{ status: number; id: number; message: string }> {
  const answer = await job.request(`${API}caches`, { method: "POST", body: JSON.stringify(body) });
  return { status: answer.status, id: Number(answer.body.cacheId), message: String(answer.body.message) };
}

function patch(job: JobClient, id: number, start: number, text: string, range?: string) {
  const end = start + text.length - 1;
  const headers = { "content-range": range ?? `bytes ${start}-${end}/*` };
  return job.request(`${API}caches/${id}`, { method: "PATCH", body: text, headers });
}

function commit(job: JobClient, id: number, size: number) {
  return job.request(`${API}caches/${id}`, { method: "POST", body: JSON.stringify({ size }) });
}

describe("the cache API v1", () => {
  it("saves in ranges that arrive in any order, and restores", async () => {
    const job = await (await openServices()).client();
    const { status, id } = await reserve(job, { key: "npm-1", version: "v", cacheSize: 12 });
    expect(status).toBe(201);
    const parts = [patch(job, id, 8, "last"), patch(job, id, 0, "frst"), patch(job, id, 4, "2nd.")];
    for (const answer of await Promise.all(parts)) expect(answer.status).toBe(204);
    expect((await commit(job, id, 12)).status).toBe(204);

    const found = await job.request(`${API}cache?keys=npm-2%2Cnpm-&version=v`);
    expect(found).toMatchObject({
      status: 200,
      body: { cacheKey: "npm-1", scope: "refs/heads/main", cacheVersion: "v" },
    });
    const response = await fetch(String(found.body.archiveLocation));
    expect(await response.text()).toBe("frst2nd.last");
  });

  it("says 204 where it has nothing", async () => {
    const job = await (await openServices()).client();
    expect(await job.request(`${API}cache?keys=a&version=v`)).toMatchObject({ status: 204, text: "" });
  });

  it("shares caches with v2", async () => {
    const job = await (await openServices()).client();
    await job.saveCache("k", "by v2");
    const found = await job.request(`${API}cache?keys=k&version=v`);
    expect(await (await fetch(String(found.body.archiveLocation))).text()).toBe("by v2");
    expect((await job.request(`${API}caches?key=k`)).body).toMatchObject({
      totalCount: 1,
      artifactCaches: [{ cacheKey: "k" }],
    });
  });

  it("says 409 for a key that exists, 400 for one too large", async () => {
    const job = await (await openServices({ cacheQuotaBytes: 1000 })).client();
    await job.saveCache("k", "x");
    expect(await reserve(job, { key: "k", version: "v" })).toMatchObject({
      status: 409,
      message: "Cache already exists. Scope: refs/heads/main, Key: k, Version: v",
    });
    expect(await reserve(job, { key: "big", version: "v", cacheSize: 1001 })).toMatchObject({
      status: 400,
      message: "the cache has 1001 bytes, all caches together 1000",
    });
  });

  it("refuses to commit with a gap or another size, and lets the gap be filled", async () => {
    const job = await (await openServices()).client();
    const { id } = await reserve(job, { key: "k", version: "v" });
    await patch(job, id, 0, "aaaa");
    await patch(job, id, 8, "cccc");
    expect(await commit(job, id, 12)).toMatchObject({
      status: 400,
      body: { message: "4 bytes were uploaded without a gap, not 12" },
    });
    await patch(job, id, 4, "bbbb");
    expect((await commit(job, id, 12)).status).toBe(204);
    expect((await commit(job, id, 12)).status).toBe(404);
  });

  it.each([
    ["no range", "nonsense"],
    ["a range that ends before it begins", "bytes 5-2/*"],
    ["a range longer than the body", "bytes 0-100/*"],
    ["a range shorter than the body", "bytes 0-1/*"],
    ["a range past the quota", "bytes 99999999999999-99999999999999/*"],
  ])("refuses a part with %s", async (_, range) => {
    const job = await (await openServices()).client();
    const { id } = await reserve(job, { key: "k", version: "v" });
    const answer = await patch(job, id, 0, "text", range);
    expect([400, 507]).toContain(answer.status);
    expect(answer.body.message).toEqual(expect.any(String));
  });

  it("lets only the job that reserved upload and commit", async () => {
    const { client } = await openServices();
    const { id } = await reserve(await client(), { key: "k", version: "v" });
    const other = await client({ jobKey: "other" });
    expect((await patch(other, id, 0, "x")).status).toBe(404);
    expect((await commit(other, id, 1)).status).toBe(404);
  });

  it.each([
    ["GET", "nothing"],
    ["DELETE", "caches/1"],
    ["POST", "caches/../x"],
    ["PATCH", "caches/x"],
  ])("says 404 to %s %s", async (method, resource) => {
    const job = await (await openServices()).client();
    expect((await job.request(API + resource, { method })).status).toBe(404);
  });
});
