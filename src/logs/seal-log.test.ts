import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { BlobReader, BlobStore } from "../blobs/blob-store.ts";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { LogStore } from "../store/log-store.ts";
import { logBlobKey, logTimesKey } from "./log-blob-key.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { LogsFixture, override, readAll } from "./logs.fixture.ts";

let fixture: LogsFixture;
let ref: BuildLogRef;
/** Records see steps that ended "now" as ended long ago. */
const later = { ...systemClock, now: () => Date.now() + 3_600_000 };

beforeEach(async () => {
  fixture = await LogsFixture.open(systemClock);
  ref = await fixture.step();
});
afterEach(() => fixture.dispose());

async function writeLog(of = ref): Promise<Buffer> {
  const sink = fixture.sink();
  const parts: Buffer[] = [];
  for (let seq = 1; seq <= 40; seq++) {
    const data = Buffer.from(`line ${seq}: ${"x".repeat(seq * 1_000)}\n`);
    parts.push(data);
    await sink.append(of, { seq, at: 1_000 + seq * 7, data });
  }
  await sink.flush();
  await fixture.endStep(of);
  return Buffer.concat(parts);
}

async function rowCount(): Promise<number> {
  return (await fixture.store.logs.read(ref, 0, 1_000_000_000)).length;
}

describe("sealing a log", () => {
  it("joins its rows into one blob, byte by byte the same, and lets them go", async () => {
    const expected = await writeLog();
    const sink = fixture.sink();
    await sink.end(ref);
    await sink.sealed();
    expect(await rowCount()).toBe(0);
    const sha256 = createHash("sha256").update(expected).digest("hex");
    const step = await fixture.store.builds.step(ref.id);
    expect(step.log).toEqual({ kept: "blob", sizeBytes: expected.length, sha256 });
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
    expect(await sink.stat(ref)).toEqual({ sizeBytes: expected.length, ended: true });
  });

  it("keeps when each byte was printed", async () => {
    const sink = fixture.sink();
    const times = async () => {
      const found: [number, number][] = [];
      for await (const { offset, at } of sink.stream(ref, {
        follow: false,
        signal: new AbortController().signal,
      })) {
        if (found.at(-1)?.[1] !== at) found.push([offset, at]);
      }
      return found;
    };
    await writeLog();
    const before = await times();
    await sink.end(ref);
    await sink.sealed();
    expect(before).toHaveLength(40);
    expect(await times()).toEqual(before);
  });

  it("reads a log whose times are lost", async () => {
    const expected = await writeLog();
    const sink = fixture.sink();
    await sink.end(ref);
    await sink.sealed();
    await fixture.blobs.delete(logTimesKey(ref.buildId, ref.id));
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });

  it("makes no blob of a log without a byte", async () => {
    const sink = fixture.sink();
    await fixture.endStep(ref);
    await sink.end(ref);
    await sink.sealed();
    expect(await fixture.blobs.stat(logBlobKey(ref.buildId, ref.id))).toBeUndefined();
    expect(await readAll(sink, ref, { follow: true })).toHaveLength(0);
  });

  it("writes what waits before it seals, and drops what comes again afterwards", async () => {
    const sink = fixture.sink({ maxDelayMs: 100_000 });
    void sink.append(ref, { seq: 1, at: 1, data: Buffer.from("only line\n") });
    await sink.end(ref);
    await sink.end(ref);
    await sink.sealed();
    for (const process of [sink, fixture.sink()]) {
      await process.append(ref, { seq: 1, at: 1, data: Buffer.from("only line\n") });
      await process.append(ref, { seq: 2, at: 1, data: Buffer.from("too late\n") });
      await process.flush();
    }
    expect(await rowCount()).toBe(0);
    expect((await readAll(sink, ref)).toString()).toBe("only line\n");
  });

  type Method = "put" | "get" | "read" | "tail" | "seal";
  it.each<[Method, number]>([
    ["tail", 1],
    ["read", 1],
    ["put", 1],
    ["put", 2],
    ["get", 1],
    ["seal", 1],
  ])("loses and doubles nothing where the process ends at its %s number %i", async (method, when) => {
    for (const before of [true, false]) {
      ref = await fixture.step();
      const expected = await writeLog();
      let calls = 0;
      const dies = (own: unknown, name: Method) =>
        name === method
          ? {
              async [name](...args: never[]) {
                const call = (own as { [N in Method]: (...args: never[]) => Promise<unknown> })[name];
                if (++calls === when && before) throw new ExecError("Permanent", "killed");
                const result = await call.apply(own, args);
                if (calls !== when) return result;
                if (name === "get") (result as BlobReader).body.destroy();
                throw new ExecError("Permanent", "killed");
              },
            }
          : {};
      const logs = override(fixture.store.logs, {
        ...dies(fixture.store.logs, "read"),
        ...dies(fixture.store.logs, "tail"),
        ...dies(fixture.store.logs, "seal"),
      } as Partial<LogStore>);
      const blobs = override<BlobStore>(fixture.blobs, {
        ...dies(fixture.blobs, "put"),
        ...dies(fixture.blobs, "get"),
      } as Partial<BlobStore>);
      const dying = fixture.sink({ store: override(fixture.store, { logs }), blobs });
      await dying.end(ref);
      await dying.sealed();
      expect(calls).toBeGreaterThanOrEqual(when);
      const next = fixture.sink({ clock: later });
      await next.sealLeftovers();
      expect(await rowCount()).toBe(0);
      expect(Buffer.compare(await readAll(next, ref), expected)).toBe(0);
      expect(await next.sealLeftovers()).toBe(0);
    }
  });

  it("keeps the rows, readable, while the blob store refuses, and seals when it works again", async () => {
    const expected = await writeLog();
    let refused = 0;
    let refuses = true;
    const blobs = override<BlobStore>(fixture.blobs, {
      async put(key, body) {
        if (refuses) {
          refused += 1;
          throw new ExecError("Transient", "S3 is away");
        }
        return await fixture.blobs.put(key, body);
      },
    });
    const fast = {
      ...systemClock,
      after: (ms: number, then: () => void) => systemClock.after(ms / 50, then),
    };
    const sink = fixture.sink({ blobs, clock: fast });
    await sink.end(ref);
    await vi.waitFor(() => expect(refused).toBeGreaterThanOrEqual(2));
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
    expect(await rowCount()).toBeGreaterThan(0);
    refuses = false;
    await sink.sealed();
    expect(await rowCount()).toBe(0);
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });

  it("keeps the rows where the blob is not what was given to the store", async () => {
    const expected = await writeLog();
    const blobs = override<BlobStore>(fixture.blobs, {
      async put(key, body) {
        const stat = await fixture.blobs.put(key, body);
        if (key.endsWith(".log")) await writeFile(fixture.blobs.pathOf(key), Buffer.alloc(stat.sizeBytes));
        return stat;
      },
    });
    const sink = fixture.sink({ blobs });
    await sink.end(ref);
    await sink.sealed();
    expect(await rowCount()).toBeGreaterThan(0);
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });

  it("is done by two processes at once", async () => {
    const expected = await writeLog();
    const [a, b] = [fixture.sink({ clock: later }), fixture.sink({ clock: later })];
    await Promise.all([a.sealLeftovers(), b.sealLeftovers(), a.end(ref), b.end(ref)]);
    await Promise.all([a.sealed(), b.sealed()]);
    expect(await rowCount()).toBe(0);
    expect(Buffer.compare(await readAll(a, ref), expected)).toBe(0);
  });

  it("makes no blob of half a log where another process seals it in the middle", async () => {
    const expected = await writeLog();
    const other = fixture.sink();
    let reads = 0;
    const logs = override(fixture.store.logs, {
      async read(of, from, max) {
        if (++reads === 2) {
          await other.end(ref);
          await other.sealed();
        }
        return await fixture.store.logs.read(of, from, Math.min(max, 50_000));
      },
    });
    const sink = fixture.sink({ store: override(fixture.store, { logs }) });
    await sink.end(ref);
    await sink.sealed();
    expect(reads).toBeGreaterThanOrEqual(2);
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });

  it("lets go of rows that a worker wrote which had lost its lease", async () => {
    const expected = await writeLog();
    const sink = fixture.sink({ clock: later });
    await sink.end(ref);
    await sink.sealed();
    await fixture.store.logs.append([{ ref, seq: 3, startByte: 0, content: Buffer.from("line"), at: 1 }]);
    expect(await sink.sealLeftovers()).toBe(1);
    expect(await rowCount()).toBe(0);
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });

  it("leaves logs of steps that still run, or ended just now, to their worker", async () => {
    const running = await fixture.step();
    const sink = fixture.sink();
    await sink.append(running, { seq: 1, at: 1, data: Buffer.from("x") });
    await sink.flush();
    await writeLog();
    expect(await sink.sealLeftovers()).toBe(0);
  });

  it("goes on with the other leftovers where one cannot be sealed", async () => {
    const bad = ref;
    await writeLog();
    ref = await fixture.step();
    const expected = await writeLog();
    const blobs = override<BlobStore>(fixture.blobs, {
      put: async (key, body) =>
        key.includes(bad.id)
          ? Promise.reject(new ExecError("Permanent", "no"))
          : await fixture.blobs.put(key, body),
    });
    const sink = fixture.sink({ blobs, clock: later });
    expect(await sink.sealLeftovers()).toBe(1);
    expect(await rowCount()).toBe(0);
    expect(Buffer.compare(await readAll(sink, ref), expected)).toBe(0);
  });
});
