import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { LogRow, LogStore } from "../store/log-store.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { LogsFixture, override, readAll } from "./logs.fixture.ts";
import type { RowLogSink } from "./row-log-sink.ts";

let fixture: LogsFixture;
let ref: BuildLogRef;

beforeEach(async () => {
  fixture = await LogsFixture.open(systemClock);
  ref = await fixture.step();
});
afterEach(() => fixture.dispose());

function chunk(seq: number, text: string, at = 1_000) {
  return { seq, at, data: Buffer.from(text) };
}

function withLogs(replaced: Partial<LogStore>) {
  return override(fixture.store, { logs: override(fixture.store.logs, replaced) });
}

const transient = () => new ExecError("Transient", "the records are away");

describe("RowLogSink", () => {
  it("gives back what was appended, with the time it was printed", async () => {
    const sink = fixture.sink();
    await sink.append(ref, chunk(1, "one\n", 1_000));
    await sink.append(ref, chunk(3, "two\n", 2_500));
    await sink.flush([ref]);
    const pieces = [];
    for await (const piece of sink.stream(ref, { follow: false, signal: new AbortController().signal })) {
      pieces.push({ ...piece, data: Buffer.from(piece.data).toString() });
    }
    expect(pieces).toEqual([
      { offset: 0, data: "one\n", at: 1_000 },
      { offset: 4, data: "two\n", at: 2_500 },
    ]);
    expect(await sink.stat(ref)).toEqual({ sizeBytes: 8, ended: false });
  });

  it("writes without being asked to", async () => {
    const sink = fixture.sink();
    await sink.append(ref, chunk(1, "soon"));
    await vi.waitFor(async () => expect((await readAll(sink, ref)).toString()).toBe("soon"));
  });

  it("gives nothing for a log without a byte, and NotFound for a step that is unknown", async () => {
    const sink = fixture.sink();
    expect(await readAll(sink, ref)).toHaveLength(0);
    expect(await sink.stat(ref)).toEqual({ sizeBytes: 0, ended: false });
    await expect(readAll(sink, { ...ref, id: "unknown" })).rejects.toMatchObject({ code: "NotFound" });
  });

  it("drops numbers that were taken before, also by another process", async () => {
    const first = fixture.sink();
    await first.append(ref, chunk(1, "a"));
    await first.append(ref, chunk(1, "again"));
    await first.append(ref, chunk(4, "b"));
    await first.flush();
    const second = fixture.sink();
    for (const [seq, text] of [
      [1, "a"],
      [4, "b"],
      [5, "c"],
    ] as const)
      await second.append(ref, chunk(seq, text));
    await second.flush();
    expect((await readAll(second, ref)).toString()).toBe("abc");
  });

  it("makes one row of chunks printed in the same millisecond, and drops them whole when they come again", async () => {
    const sink = fixture.sink();
    for (let seq = 1; seq <= 100; seq++) void sink.append(ref, chunk(seq, "x"));
    await sink.flush([ref]);
    expect((await fixture.store.logs.read(ref, 0, 1_000)).length).toBeLessThan(5);
    const again = fixture.sink();
    for (let seq = 1; seq <= 101; seq++) void again.append(ref, chunk(seq, "x"));
    await again.flush([ref]);
    expect(await readAll(again, ref)).toHaveLength(101);
  });

  it.each([
    [{ offset: 3 }, "3456789"],
    [{ offset: 3, end: 5 }, "345"],
    [{ end: 0 }, "0"],
    [{ offset: 9, end: 100 }, "9"],
    [{ offset: 10 }, ""],
    [{ offset: 500, end: 600 }, ""],
  ])("reads the part %j, of rows and of the blob", async (part, expected) => {
    const sink = fixture.sink();
    await sink.append(ref, chunk(1, "01234", 1));
    await sink.append(ref, chunk(2, "56789", 2));
    await sink.flush();
    expect((await readAll(sink, ref, part)).toString()).toBe(expected);
    await sink.end(ref);
    await sink.sealed();
    expect((await readAll(sink, ref, part)).toString()).toBe(expected);
  });
});

describe("limits of logs", () => {
  it("cuts a log once, with a note, and takes no more, also after a restart", async () => {
    const limits = { maxStepBytes: 10, maxBuildBytes: 1_000_000 };
    const sink = fixture.sink({ limits });
    await sink.append(ref, chunk(1, "12345\n"));
    await sink.append(ref, chunk(2, "6789ab\n"));
    await sink.append(ref, chunk(3, "more\n"));
    await sink.flush();
    const cut =
      "12345\n6789\n[slipway: the rest of this log is not kept: the limit of 10 bytes for one step is reached]\n";
    expect((await readAll(sink, ref)).toString()).toBe(cut);
    const next = fixture.sink({ limits });
    await next.append(ref, chunk(4, "still more\n"));
    await next.flush();
    expect((await readAll(next, ref)).toString()).toBe(cut);
  });

  it("cuts no character in two", async () => {
    const sink = fixture.sink({ limits: { maxStepBytes: 5, maxBuildBytes: 1_000_000 } });
    const ship = Buffer.from("🚢");
    await sink.append(ref, { seq: 1, at: 1, data: Buffer.concat([Buffer.from("ab"), ship.subarray(0, 2)]) });
    await sink.append(ref, { seq: 2, at: 2, data: Buffer.concat([ship.subarray(2), ship]) });
    await sink.flush();
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await readAll(sink, ref));
    expect(text).toMatch(/^ab🚢\n\[slipway: .*\]\n$/);
  });

  it("cuts every log of a build that has too much, counting what another process wrote", async () => {
    const limits = { maxStepBytes: 1_000, maxBuildBytes: 100 };
    const first = fixture.sink({ limits });
    await first.append(ref, chunk(1, "x".repeat(90)));
    await first.flush();
    const other = await fixture.step();
    const sink = fixture.sink({ limits });
    // The records are asked what the build has when it has something in this process.
    await sink.append(other, chunk(1, "y".repeat(7)));
    await sink.flush();
    await sink.append(other, chunk(2, "y".repeat(20)));
    await sink.append(other, chunk(3, "z"));
    await sink.append(ref, chunk(2, "x"));
    await sink.flush();
    const note =
      "[slipway: the rest of this log is not kept: the limit of 100 bytes for one build is reached]\n";
    expect((await readAll(sink, other)).toString()).toBe(`${"y".repeat(10)}\n${note}`);
    expect((await readAll(sink, ref)).toString()).toBe(`${"x".repeat(90)}\n${note}`);
  });
});

describe("records that fail", () => {
  it("loses and doubles nothing while inserts fail, before and after they took effect", async () => {
    let calls = 0;
    const store = withLogs({
      async append(rows: readonly LogRow[]) {
        calls += 1;
        if (calls === 1) throw transient();
        await fixture.store.logs.append(rows);
        if (calls === 2) throw transient();
      },
    });
    const sink = fixture.sink({ store });
    await sink.append(ref, chunk(1, "a"));
    const flushed = sink.flush([ref]);
    await vi.waitFor(() => expect(calls).toBeGreaterThanOrEqual(1));
    await sink.append(ref, chunk(2, "b"));
    await flushed;
    await sink.flush();
    expect(calls).toBeGreaterThanOrEqual(3);
    expect((await readAll(sink, ref)).toString()).toBe("ab");
  });

  it("also while it cannot find out where a log stands", async () => {
    let calls = 0;
    const store = withLogs({
      async tail(of) {
        if (++calls < 3) throw transient();
        return await fixture.store.logs.tail(of);
      },
    });
    const sink = fixture.sink({ store });
    await sink.append(ref, chunk(1, "a"));
    await sink.flush([ref]);
    expect((await readAll(sink, ref)).toString()).toBe("a");
  });

  it("holds back who writes much, and keeps no more than its limits in memory", async () => {
    let away = true;
    const store = withLogs({
      append: async (rows) => (away ? Promise.reject(transient()) : await fixture.store.logs.append(rows)),
    });
    const sink = fixture.sink({ store, maxLogBytes: 300_000, maxBytes: 1_000_000 });
    const steps = await Promise.all([1, 2, 3, 4, 5, 6].map(() => fixture.step()));
    const data = Buffer.alloc(50_000, "x");
    let peak = 0;
    let accepted = 0;
    const writers = steps.map(async (step) => {
      for (let seq = 1; seq <= 20; seq++) {
        await sink.append(step, { seq, at: seq, data });
        accepted += 1;
        peak = Math.max(peak, sink.pendingBytes);
      }
    });
    // Each writer gets to its share and no further.
    await vi.waitFor(() => expect(sink.pendingBytes).toBeGreaterThan(1_000_000));
    const held = accepted;
    expect(held).toBeLessThan(6 * 20);
    // One that says little is not held back by those.
    expect(sink.append(ref, chunk(1, "quiet"))).toBeUndefined();
    away = false;
    await Promise.all(writers);
    await sink.flush();
    expect(peak).toBeLessThan(1_000_000 + 6 * 150_000);
    expect(sink.pendingBytes).toBe(0);
    for (const step of steps) expect((await readAll(sink, step)).length).toBe(1_000_000);
    expect((await readAll(sink, ref)).toString()).toBe("quiet");
  });

  it("tells who flushes that the disk is full, and writes it when it is no more", async () => {
    let full = true;
    const store = withLogs({
      append: async (rows) =>
        full
          ? Promise.reject(new ExecError("QuotaExceeded", "disk full"))
          : await fixture.store.logs.append(rows),
    });
    const sink = fixture.sink({ store });
    await sink.append(ref, chunk(1, "kept"));
    await expect(sink.flush([ref])).rejects.toMatchObject({ code: "QuotaExceeded" });
    full = false;
    await sink.flush([ref]);
    expect((await readAll(sink, ref)).toString()).toBe("kept");
  });

  it("fails one log that cannot be written, and no other", async () => {
    const poison = await fixture.step();
    const store = withLogs({
      async append(rows) {
        if (rows.some((row) => row.ref.id === poison.id)) throw new ExecError("Permanent", "cannot");
        await fixture.store.logs.append(rows);
      },
    });
    const sink = fixture.sink({ store });
    await Promise.all([sink.append(poison, chunk(1, "bad")), sink.append(ref, chunk(1, "good"))]);
    await Promise.all([
      expect(sink.flush([poison])).rejects.toMatchObject({ code: "Permanent" }),
      sink.flush([ref]),
    ]);
    expect((await readAll(sink, ref)).toString()).toBe("good");
    await expect(sink.append(poison, chunk(2, "x"))).rejects.toMatchObject({ code: "Permanent" });
    expect(sink.pendingBytes).toBe(0);
    // What it had before is still made a blob.
    await fixture.store.logs.append([
      { ref: poison, seq: 1, startByte: 0, content: Buffer.from("old"), at: 1 },
    ]);
    await sink.end(poison);
    await sink.sealed();
    expect((await fixture.store.builds.step(poison.id)).log).toMatchObject({ kept: "blob", sizeBytes: 3 });
  });

  it("gives up when it is closed and the records stay away", async () => {
    const sink = fixture.sink({
      store: withLogs({ append: () => Promise.reject(transient()) }),
      closeLimitMs: 50,
    });
    await sink.append(ref, chunk(1, "lost with the process"));
    await expect(sink.close()).rejects.toMatchObject({ code: "Transient" });
    await expect(sink.append(ref, chunk(2, "x"))).rejects.toMatchObject({ code: "Transient" });
  });

  it("has everything in the records when it is closed", async () => {
    const sink = fixture.sink({ maxDelayMs: 100_000 });
    await sink.append(ref, chunk(1, "last words"));
    await sink.close();
    expect((await readAll(fixture.sink(), ref)).toString()).toBe("last words");
    await expect(sink.append(ref, chunk(2, "x"))).rejects.toMatchObject({ code: "Cancelled" });
  });
});

describe("fairness between logs", () => {
  it("writes a line of a quiet log with the next insert, however much a noisy one has", async () => {
    const inserts: string[][] = [];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const store = withLogs({
      async append(rows) {
        inserts.push([...new Set(rows.map((row) => row.ref.id))]);
        if (inserts.length === 1) await held;
        await fixture.store.logs.append(rows);
      },
    });
    const sink = fixture.sink({ store, batchBytes: 100_000 });
    const noisy = await fixture.step();
    for (let seq = 1; seq <= 50; seq++)
      void sink.append(noisy, { seq, at: seq, data: Buffer.alloc(20_000, "n") });
    await vi.waitFor(() => expect(inserts).toHaveLength(1));
    await sink.append(ref, chunk(1, "hello"));
    // Where it stands is looked up while the insert is under way.
    await fixture.store.logs.tail(ref);
    release();
    await sink.flush([ref]);
    expect(inserts.slice(0, 2)).toEqual([[noisy.id], expect.arrayContaining([noisy.id, ref.id])]);
    await sink.flush();
    expect(inserts.length).toBeGreaterThan(5);
  });
});

describe("any history of chunks, failures and restarts", () => {
  it("ends with every byte once (property)", async () => {
    const action = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ do: fc.constant("append" as const), size: fc.integer({ min: 0, max: 200 }) }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const) }) },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant("restart" as const), back: fc.integer({ min: 0, max: 5 }) }),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 30 }),
        fc.array(fc.integer({ min: 0, max: 5 })),
        async (actions, faults) => {
          const step = await fixture.step();
          const store = withLogs({
            async append(rows) {
              const fault = faults.pop();
              if (fault === 0) throw transient();
              await fixture.store.logs.append(rows);
              if (fault === 1) throw transient();
            },
          });
          const said: Buffer[] = [];
          let flushed = 0;
          let sink: RowLogSink = fixture.sink({ store, maxDelayMs: 1 });
          for (const act of actions) {
            if (act.do === "append") {
              said.push(Buffer.alloc(act.size, said.length % 251));
              await sink.append(step, {
                seq: said.length,
                at: said.length >> 1,
                data: said.at(-1) ?? Buffer.alloc(0),
              });
            } else if (act.do === "flush") {
              await sink.flush([step]);
              flushed = said.length;
            } else {
              // The old process may still be writing when the next one is told everything again from where it was sure.
              sink = fixture.sink({ store, maxDelayMs: 1 });
              for (let seq = Math.max(1, flushed - act.back); seq <= said.length; seq++) {
                await sink.append(step, { seq, at: seq >> 1, data: said[seq - 1] ?? Buffer.alloc(0) });
              }
            }
          }
          await sink.flush([step]);
          expect(Buffer.compare(await readAll(sink, step), Buffer.concat(said))).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});
