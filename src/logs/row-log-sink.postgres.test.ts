import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, testPostgres } from "../../test/support/postgres.ts";
import { type TestBucket, testS3 } from "../../test/support/s3.ts";
import { S3BlobStore } from "../blobs/s3-blob-store.ts";
import { systemClock } from "../clock.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { LogsFixture, readAll } from "./logs.fixture.ts";

describe("RowLogSink on PostgreSQL and S3", () => {
  let database: TestDatabase;
  let bucket: TestBucket;
  let blobs: S3BlobStore;
  let fixture: LogsFixture;

  beforeEach(async () => {
    [database, bucket] = await Promise.all([testPostgres(), testS3()]);
    blobs = new S3BlobStore(bucket);
    fixture = await LogsFixture.open(systemClock, { kind: "postgres", url: database.url });
  });
  afterEach(async () => {
    await fixture.dispose();
    await blobs.close();
    await Promise.all([database.dispose(), bucket.dispose()]);
  });

  it("loses and doubles nothing while connections are cut, and seals into the bucket", async () => {
    const refs: BuildLogRef[] = [];
    for (let i = 0; i < 6; i++) refs.push(await fixture.step());
    const sink = fixture.sink({ blobs, batchBytes: 100_000 });
    const textOf = (seq: number, of: number) => `${of}:${seq}:${"x".repeat((seq * 37) % 900)}\n`;
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    let writing = true;
    const cutting = (async () => {
      let cuts = 0;
      while (writing) {
        const { rowCount } = await admin.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
        );
        cuts += rowCount ?? 0;
        await sink.flush(refs.slice(0, 1));
      }
      return cuts;
    })();
    await Promise.all(
      refs.map(async (ref, of) => {
        for (let seq = 1; seq <= 400; seq++) {
          await sink.append(ref, { seq, at: 1_000 + seq, data: Buffer.from(textOf(seq, of)) });
          if (seq % 20 === 0) await sink.flush([ref]);
        }
      }),
    );
    await sink.flush();
    writing = false;
    expect(await cutting).toBeGreaterThan(0);
    await admin.end();
    const expected = refs.map((_, of) => Array.from({ length: 400 }, (_, i) => textOf(i + 1, of)).join(""));
    const read = () => Promise.all(refs.map(async (ref) => (await readAll(sink, ref)).toString()));
    expect(await read()).toEqual(expected);
    for (const ref of refs) {
      await fixture.endStep(ref);
      await sink.end(ref);
    }
    await sink.sealed();
    expect(await read()).toEqual(expected);
    expect((await fixture.store.builds.step(refs[0]?.id ?? "")).log.kept).toBe("blob");
    expect(await fixture.store.logs.read(refs[0] ?? fail(), 0, 1_000)).toEqual([]);
  });
});

function fail(): never {
  throw new Error("no step");
}
