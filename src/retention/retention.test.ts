import { utimes } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BlobStore } from "../blobs/blob-store.ts";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { FakeClock } from "../fake-clock.ts";
import { logBlobKey, logTimesKey } from "../logs/log-blob-key.ts";
import type { BuildLogRef } from "../logs/log-sink.ts";
import { LogsFixture, override, readAll } from "../logs/logs.fixture.ts";
import type { ArtifactEntry, CacheRow } from "../store/artifact-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { Retention, type RetentionOptions } from "./retention.ts";

const DAY = 86_400_000;

let fixture: LogsFixture;
let projectId: string;
let number = 0;

beforeEach(async () => {
  fixture = await LogsFixture.open(systemClock);
  ({ projectId } = await fixture.store.builds.get(fixture.buildId));
});
afterEach(() => fixture.dispose());

function retention(change: Partial<RetentionOptions> = {}): Retention {
  const { store, blobs, clock } = fixture;
  const ownedPrefixes = ["artifacts/", "caches/"];
  const sealLeftovers = async () => 0;
  return new Retention({
    store,
    blobs,
    clock,
    logger: silentLogger,
    ownedPrefixes,
    sealLeftovers,
    ...change,
  });
}

async function artifact(expiresInMs: number): Promise<ArtifactEntry> {
  const id = `a${++number}`;
  const blobKey = `artifacts/${projectId}/${id}`;
  await fixture.blobs.put(blobKey, Buffer.from("bytes"));
  const entry: ArtifactEntry = {
    id,
    databaseId: number,
    projectId,
    rootId: fixture.buildId,
    buildId: fixture.buildId,
    jobKey: "job",
    attempt: 1,
    name: id,
    file: `${id}.zip`,
    contentType: "application/zip",
    blobKey,
    sizeBytes: 5,
    sha256: "0".repeat(64),
    createdAt: Date.now(),
    expiresAt: Date.now() + expiresInMs,
  };
  await fixture.store.artifacts.putArtifact(entry);
  return entry;
}

async function cache(sizeBytes: number, usedAt: number): Promise<CacheRow> {
  const id = `c${++number}`;
  const blobKey = `caches/${projectId}/${id}`;
  await fixture.blobs.put(blobKey, Buffer.alloc(sizeBytes));
  const row = {
    id,
    databaseId: number,
    projectId,
    version: "v",
    scope: "refs/heads/main",
    key: id,
    blobKey,
    sizeBytes,
    createdAt: usedAt,
    usedAt,
  };
  await fixture.store.artifacts.addCache(row);
  return row;
}

async function sealedLog(): Promise<BuildLogRef> {
  const ref = await fixture.step();
  const sink = fixture.sink();
  await sink.append(ref, { seq: 1, at: 1, data: Buffer.from("a line\n") });
  await fixture.endStep(ref);
  await sink.end(ref);
  await sink.sealed();
  return ref;
}

async function endBuild(): Promise<void> {
  const at = Date.now();
  await fixture.store.builds.advance(fixture.lease, [
    { kind: "job-changed", job: fixture.jobId, to: "succeeded", at },
    { kind: "build-moved", to: "succeeded", at },
  ]);
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of fixture.blobs.list("")) found.push(key);
  return found.sort();
}

/** The clock of a server so many days later. */
const in_ = (days: number) => ({ ...systemClock, now: () => Date.now() + days * DAY });

describe("Retention", () => {
  it("takes away artifacts whose time is over, record and bytes, and no others", async () => {
    const old = await artifact(-1);
    const fresh = await artifact(DAY);
    await retention().expire();
    await expect(fixture.store.artifacts.getArtifact(old.id)).rejects.toMatchObject({ code: "NotFound" });
    expect(await fixture.store.artifacts.getArtifact(fresh.id)).toMatchObject({ id: fresh.id });
    expect(await keys()).toEqual([fresh.blobKey]);
  });

  it("takes away any number of them, also with two servers at once", async () => {
    for (let i = 0; i < 250; i++) await artifact(-1);
    const kept = await artifact(DAY);
    await Promise.all([retention().expire(), retention().expire()]);
    expect(await keys()).toEqual([kept.blobKey]);
  });

  it("evicts the least recently used caches of a project until it is within its quota", async () => {
    const [oldest, , newest] = [await cache(40, 1_000), await cache(40, 3_000), await cache(40, 2_000)];
    await fixture.store.artifacts.touchCache(oldest.id, 4_000);
    await Promise.all([
      retention({ cacheQuotaBytes: 80 }).expire(),
      retention({ cacheQuotaBytes: 80 }).expire(),
    ]);
    expect(await fixture.store.artifacts.cacheBytes(projectId)).toBe(80);
    expect(await keys()).not.toContain(newest.blobKey);
    await retention({ cacheQuotaBytes: 0 }).expire();
    expect(await keys()).toEqual([]);
  });

  it("leaves caches alone where there is no quota", async () => {
    await cache(40, 1_000);
    await retention().expire();
    expect(await keys()).toHaveLength(1);
  });

  it("takes away logs of builds that ended long ago, and says so of them", async () => {
    const ref = await sealedLog();
    const keepLogsMs = 30 * DAY;
    await retention({ keepLogsMs, clock: in_(31) }).expire();
    expect((await fixture.store.builds.step(ref.id)).log.kept).toBe("blob");
    await endBuild();
    await retention({ keepLogsMs, clock: in_(29) }).expire();
    expect((await readAll(fixture.sink(), ref)).toString()).toBe("a line\n");
    await retention({ keepLogsMs, clock: in_(31) }).expire();
    expect(await keys()).toEqual([]);
    await expect(readAll(fixture.sink(), ref)).rejects.toMatchObject({ code: "NotFound" });
  });

  it("goes on with the rest where a blob cannot be deleted, and finds it later as nobody's", async () => {
    const stuck = await artifact(-1);
    await artifact(-1);
    const blobs = override<BlobStore>(fixture.blobs, {
      delete: (key) =>
        key === stuck.blobKey
          ? Promise.reject(new ExecError("Transient", "away"))
          : fixture.blobs.delete(key),
    });
    await retention({ blobs }).expire();
    expect(await keys()).toEqual([stuck.blobKey]);
    await retention({ clock: in_(2) }).sweepOrphans();
    expect(await keys()).toEqual([]);
  });

  it("deletes only blobs that nobody owns and that are old enough", async () => {
    const owned = [(await artifact(DAY)).blobKey, (await cache(1, 1)).blobKey];
    const ref = await sealedLog();
    const gone = await sealedLog();
    await fixture.store.logs.expire(gone);
    const foreign = ["elsewhere/x", "logs/pipelines/notes.txt", "uploads/artifacts/x"];
    for (const key of [...foreign, "artifacts/p/orphan", "caches/p/orphan", logBlobKey("b", "s")])
      await fixture.blobs.put(key, Buffer.from("x"));
    await fixture.blobs.put("artifacts/p/new", Buffer.from("x"));
    await utimes(fixture.blobs.pathOf("artifacts/p/new"), new Date(), new Date(Date.now() + 2 * DAY));
    await retention({ clock: in_(0.9) }).sweepOrphans();
    expect(await keys()).toHaveLength(owned.length + 4 + foreign.length + 4);
    await retention({ clock: in_(1.1) }).sweepOrphans();
    const log = [logBlobKey(ref.buildId, ref.id), logTimesKey(ref.buildId, ref.id)];
    expect(await keys()).toEqual([...owned, ...foreign, ...log, "artifacts/p/new"].sort());
  });

  it("does each in its time, and nothing after it was stopped", async () => {
    const clock = new FakeClock();
    let sealed = 0;
    const sealLeftovers = async () => {
      sealed += 1;
      if (sealed === 1) throw new ExecError("Transient", "away");
      return 1;
    };
    const loop = retention({ clock, sealLeftovers });
    loop.start();
    for (let round = 1; round <= 3; round++) {
      clock.advance(60_000);
      await vi.waitFor(() => expect(sealed).toBe(round));
      await vi.waitFor(() => expect(clock.pending).toBe(3));
    }
    await loop.stop();
    expect(clock.pending).toBe(0);
    await loop.expire();
    clock.advance(600_000);
    expect(sealed).toBe(3);
  });
});
