import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ExecError } from "../errors.ts";
import { openPlatform, type PlatformFixture } from "./platform.fixture.ts";
import { put } from "./services.fixture.ts";

const DAY = 24 * 3600 * 1000;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const blockId = (index: number) =>
  Buffer.from(`00000000-block-${String(index).padStart(6, "0")}`).toString("base64");

function blockList(...indexes: number[]): string {
  const ids = indexes.map((index) => `<Latest>${blockId(index)}</Latest>`).join("");
  return `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids}</BlockList>`;
}

const list = ({ records }: PlatformFixture, rootId: string) =>
  records.store.artifacts.listArtifacts(rootId, records.clock.now());

/** Ends a build, and begins the next attempt at it. */
async function rerun(fixture: PlatformFixture, from: string, to: string): Promise<void> {
  const { records } = fixture;
  const claim = await fixture.claim(from);
  const jobs = await records.store.builds.jobs(from);
  for (const { key, attempt, status } of jobs)
    if (status === "running") await records.end(claim, key, attempt, "failed");
  await records.store.builds.advance(claim.lease, [
    { kind: "build-moved", to: "failed", at: records.clock.now() },
  ]);
  await fixture.adopt(to, await records.build(to, { rerunOf: from }));
}

describe("artifacts of a server", () => {
  it("are recorded, with project, build, job, size and hash", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    const { body } = await job.upload("My app", "zip bytes");
    const [artifact] = await list(fixture, "build-1");
    expect(artifact).toMatchObject({
      ...{
        projectId: "p1",
        rootId: "build-1",
        buildId: "build-1",
        jobKey: "test",
        attempt: 1,
        name: "My app",
      },
      ...{ file: "My app.zip", contentType: "application/zip", sizeBytes: 9, sha256: sha256("zip bytes") },
      databaseId: Number(body.artifact_id),
      expiresAt: fixture.records.clock.now() + 90 * DAY,
    });
    expect(await fixture.keys("artifacts/")).toEqual([artifact?.blobKey]);
    expect(await fixture.keys("uploads/")).toEqual([]);
    const { body: listed } = await job.artifact("ListArtifacts");
    expect(listed.artifacts).toMatchObject([{ name: "My app", digest: `sha256:${sha256("zip bytes")}` }]);
    expect(await (await job.download("My app")).text()).toBe("zip bytes");
  });

  it("are put together of blocks that came to different servers, in the order of the list", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    const { body } = await job.artifact("CreateArtifact", { name: "big", version: 7 });
    const url = String(body.signed_upload_url);
    const parts = ["first ", "second ", "third ", "last"];
    await Promise.all(
      parts.map((part, index) => put(url, part, `&comp=block&blockid=${encodeURIComponent(blockId(index))}`)),
    );
    await put(url, "first ", `&comp=block&blockid=${encodeURIComponent(blockId(0))}`);
    for (let times = 0; times < 2; times++) {
      expect((await put(url, blockList(0, 1, 2, 3), "&comp=blocklist")).status).toBe(201);
    }
    expect((await put(url, blockList(1, 0), "&comp=blocklist")).status).toBe(409);
    const late = await put(url, "late", `&comp=block&blockid=${encodeURIComponent(blockId(9))}`);
    expect(late.status).toBe(409);
    const whole = parts.join("");
    const hash = `sha256:${sha256(whole)}`;
    const finished = await job.artifact("FinalizeArtifact", {
      name: "big",
      size: String(whole.length),
      hash,
    });
    expect(finished.status).toBe(200);
    expect(await (await job.download("big")).text()).toBe(whole);
    expect(await fixture.keys("uploads/")).toEqual([]);
  });

  it("refuse a list that names a block that never came, and take it once it has", async () => {
    const job = await (await openPlatform()).client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    const url = String(body.signed_upload_url);
    expect(await put(url, blockList(0), "&comp=blocklist")).toMatchObject({
      status: 400,
      text: expect.stringContaining("was not uploaded"),
    });
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "1" })).body.msg).toContain(
      "is not complete",
    );
    await put(url, "x", `&comp=block&blockid=${encodeURIComponent(blockId(0))}`);
    expect((await put(url, blockList(0), "&comp=blocklist")).status).toBe(201);
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "1" })).status).toBe(200);
  });

  it("answer a finish that is sent again as the first time: its answer may have been lost", async () => {
    const job = await (await openPlatform()).client();
    const first = await job.upload("a", "content");
    const again = await job.artifact("FinalizeArtifact", { name: "a", size: "7" });
    expect([again.status, again.body.artifact_id]).toEqual([200, first.body.artifact_id]);
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "8" })).status).toBe(404);
  });

  it.each([
    ["a wrong size", { size: "8" }],
    ["a wrong hash", { size: "9", hash: `sha256:${sha256("other")}` }],
  ])("are not kept with %s", async (_, claim) => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    await put(String(body.signed_upload_url), "zip bytes");
    expect((await job.artifact("FinalizeArtifact", { name: "a", ...claim })).status).toBe(400);
    expect(await list(fixture, "build-1")).toEqual([]);
    expect(await fixture.keys("")).toEqual([]);
  });

  it("give a name to exactly one of many jobs that ask different servers at once", async () => {
    const fixture = await openPlatform();
    const jobs = [];
    for (let i = 0; i < 6; i++) jobs.push(await fixture.client({ jobKey: `job-${i}` }));
    const answers = await Promise.all(
      jobs.map((job) => job.artifact("CreateArtifact", { name: "a", version: 7 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409, 409]);
  });

  it("are refused a second time under one name, and may be begun again by the same job", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.artifact("CreateArtifact", { name: "a", version: 7 });
    expect((await (await fixture.client({ jobKey: "other" })).upload("a", "theirs")).status).toBe(409);
    expect((await job.upload("a", "mine")).status).toBe(200);
    expect((await job.upload("a", "again")).status).toBe(409);
    expect(await fixture.keys("uploads/")).toEqual([]);
    expect(await fixture.keys("artifacts/")).toHaveLength(1);
  });

  it("free a name that a job had begun to use whose worker died", async () => {
    const fixture = await openPlatform();
    const dead = await fixture.client();
    await dead.artifact("CreateArtifact", { name: "a", version: 7 });
    await fixture.records.end(await fixture.claim("build-1"), "test", 1, "failed");
    fixture.records.clock.advance(1000);
    const next = await fixture.client({ attempt: 2 });
    expect((await next.upload("a", "of the next attempt")).status).toBe(200);
  });

  it("replace what an earlier attempt of the same job made, and nothing of another job", async () => {
    const fixture = await openPlatform();
    await (await fixture.client()).upload("mine", "first try");
    await (await fixture.client({ jobKey: "other" })).upload("theirs", "x");
    await fixture.records.end(await fixture.claim("build-1"), "test", 1, "failed");
    const retry = await fixture.client({ attempt: 2 });
    expect((await retry.upload("mine", "second try")).status).toBe(200);
    expect((await retry.upload("theirs", "y")).status).toBe(409);
    expect(await (await retry.download("mine")).text()).toBe("second try");
    expect(await fixture.keys("artifacts/")).toHaveLength(2);
  });

  it("are there for the jobs of a re-run, which replaces what its own jobs make again", async () => {
    const fixture = await openPlatform();
    await (await fixture.client({ jobKey: "build" })).upload("app", "built once");
    await (await fixture.client()).upload("report", "failed");
    await rerun(fixture, "build-1", "build-2");
    const job = await fixture.client({ buildId: "build-2" });
    expect(await (await job.download("app")).text()).toBe("built once");
    expect((await job.upload("report", "passed")).status).toBe(200);
    expect((await job.upload("app", "of another job")).status).toBe(409);
    expect((await list(fixture, "build-1")).map(({ name, buildId }) => [name, buildId]).sort()).toEqual([
      ["app", "build-1"],
      ["report", "build-2"],
    ]);
    expect(await (await job.download("report")).text()).toBe("passed");
  });

  it("are hidden from other builds", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.upload("a", "x");
    const other = await fixture.client({ buildId: "build-2" });
    expect((await other.artifact("ListArtifacts")).body.artifacts).toEqual([]);
    const stolen = await other.artifact("ListArtifacts", { workflow_run_backend_id: job.runId });
    expect(stolen.status).toBe(403);
  });

  it("are kept as long as the project says, and no longer than a job may ask", async () => {
    const fixture = await openPlatform();
    await fixture.records.store.projects.updateProject("p1", { settings: { artifactRetentionDays: 7 } });
    const job = await fixture.client();
    const { clock } = fixture.records;
    for (const [name, days] of [
      ["short", 2],
      ["long", 30],
    ] as const) {
      const expires_at = new Date(clock.now() + days * DAY).toISOString();
      const { body } = await job.artifact("CreateArtifact", { name, version: 7, expires_at });
      await put(String(body.signed_upload_url), "x");
      await job.artifact("FinalizeArtifact", { name, size: "1" });
    }
    const kept = await list(fixture, "build-1");
    expect(kept.map(({ name, expiresAt }) => [name, (expiresAt - clock.now()) / DAY]).sort()).toEqual([
      ["long", 7],
      ["short", 2],
    ]);
    clock.advance(3 * DAY);
    expect((await job.artifact("ListArtifacts")).body.artifacts).toMatchObject([{ name: "long" }]);
  });

  it("go with their bytes when a job deletes them", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.upload("a", "x");
    expect((await job.artifact("DeleteArtifact", { name: "a" })).status).toBe(200);
    expect(await fixture.keys("")).toEqual([]);
  });

  it("are refused beyond the limit of one, in words, without anything left", async () => {
    const fixture = await openPlatform({ maxArtifactBytes: 1000 });
    const job = await fixture.client();
    const { body } = await job.artifact("CreateArtifact", { name: "a", version: 7 });
    const url = String(body.signed_upload_url);
    expect(await put(url, new Uint8Array(1001))).toMatchObject({
      status: 507,
      text: expect.stringContaining("limit of 1000 bytes"),
    });
    for (const index of [0, 1]) {
      await put(url, new Uint8Array(600), `&comp=block&blockid=${encodeURIComponent(blockId(index))}`);
    }
    expect((await put(url, blockList(0, 1), "&comp=blocklist")).status).toBe(507);
    const more = [];
    for (let index = 2; index < 12; index++) {
      const query = `&comp=block&blockid=${encodeURIComponent(blockId(index))}`;
      more.push((await put(url, new Uint8Array(600), query)).status);
    }
    // What is staged and never asked for is bounded too.
    expect(more).toContain(507);
    expect((await fixture.keys("uploads/artifacts/jobs/")).length).toBeLessThan(10);
    await fixture.servers[1].revoke(await fixture.job());
    expect(await fixture.keys("")).toEqual([]);
  });

  it("survive the end of their job, which takes its unfinished uploads along", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.upload("kept", "x");
    const { body } = await job.artifact("CreateArtifact", { name: "half", version: 7 });
    await put(String(body.signed_upload_url), "whole, but never finished");
    await job.cache("CreateCacheEntry", { key: "k", version: "v" });
    expect((await fixture.keys("uploads/")).length).toBeGreaterThan(2);
    await fixture.servers[0].revoke(await fixture.job());
    expect(await fixture.keys("uploads/")).toEqual([]);
    expect(await fixture.keys("artifacts/")).toEqual([(await list(fixture, "build-1"))[0]?.blobKey]);
  });

  it("lose nothing where the records fail as one is finished: the client tries again", async () => {
    let down = true;
    const fixture = await openPlatform();
    const { artifacts } = fixture.records.store;
    const putArtifact = artifacts.putArtifact.bind(artifacts);
    Object.assign(artifacts, {
      putArtifact: (entry: Parameters<typeof putArtifact>[0]) =>
        down
          ? Promise.reject(new ExecError("Transient", "the database does not answer"))
          : putArtifact(entry),
    });
    const job = await fixture.client();
    expect((await job.upload("a", "content")).status).toBe(503);
    down = false;
    expect((await job.artifact("FinalizeArtifact", { name: "a", size: "7" })).status).toBe(200);
    expect(await (await job.download("a")).text()).toBe("content");
  });

  it("leave nothing for long of uploads that nobody saw end", async () => {
    const fixture = await openPlatform();
    const job = await fixture.client();
    await job.upload("kept", "x");
    const { body } = await job.artifact("CreateArtifact", { name: "half", version: 7 });
    await put(String(body.signed_upload_url), "x", `&comp=block&blockid=${encodeURIComponent(blockId(0))}`);
    const { clock } = fixture.records;
    // The blobs' own times are the machine's.
    clock.advance(Date.now() - clock.now());
    expect(await fixture.servers[0].clearLeftovers()).toBe(0);
    clock.advance(3 * DAY);
    expect(await fixture.servers[0].clearLeftovers()).toBeGreaterThan(0);
    expect(await fixture.keys("uploads/")).toEqual([]);
    expect(await fixture.keys("artifacts/")).toHaveLength(1);
  });
});
