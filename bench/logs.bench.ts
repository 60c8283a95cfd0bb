// Logs of 20 steps at once, a million lines each, into the records, beside a bare loop that inserts the same bytes into
// the same table. A line of a quiet step meanwhile. And a line on its way to 300 followers.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/clock.ts";
import type { BuildLogRef } from "../src/logs/log-sink.ts";
import { LogsFixture } from "../src/logs/logs.fixture.ts";
import type { RowLogSink } from "../src/logs/row-log-sink.ts";
import { compare, type Result, timed } from "./measure.ts";

const STEPS = 20;
const LINE = "12:30:01.123 info compiled a file in 12 ms\n";
const LINES = 1_000_000;
/** As frames of a busy runner bring it. */
const CHUNK = Buffer.from(LINE.repeat(Math.floor((64 * 1024) / LINE.length)));
const CHUNKS = Math.ceil((LINES * LINE.length) / CHUNK.length);
const BYTES = STEPS * CHUNKS * CHUNK.length;
const MOST_RSS = 400_000_000;
const FOLLOWERS = 300;
const NO_LIMITS = { maxStepBytes: 1e12, maxBuildBytes: 1e12 };
const SAMPLES = 100;

export async function bench(): Promise<Result[]> {
  return [await throughput(), await noise(), await followers()];
}

async function throughput(): Promise<Result> {
  let peakRss = 0;
  let oursMs = 0;
  const watch = () => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  };
  const result = await compare({
    name: `20 logs at once, a million lines each (${Math.round(BYTES / 1e6)} MB)`,
    goal: { ratio: 2 },
    runs: 2,
    ours: async () => {
      oursMs = await withFixture(async (fixture) => {
        const steps = await makeSteps(fixture, STEPS);
        const sink = fixture.sink({ maxDelayMs: 40 });
        const ms = await timed(async () => {
          await Promise.all(steps.map((ref) => write(sink, ref, watch)));
          await sink.flush();
        });
        for (const ref of steps) {
          const { sizeBytes } = await sink.stat(ref);
          if (sizeBytes !== CHUNKS * CHUNK.length) throw new Error(`a log has ${sizeBytes} bytes`);
        }
        return ms;
      });
      return oursMs;
    },
    baseline: bareLoop,
  });
  const rate = Math.round(BYTES / 1e3 / oursMs);
  const notes = `${rate} MB/s, peak memory ${Math.round(peakRss / 1e6)} MB, goal ${MOST_RSS / 1e6}`;
  return { ...result, met: result.met && peakRss <= MOST_RSS, notes };
}

/** From append to in the records, p95, of a step that prints a line now and then. */
function noise(): Promise<Result> {
  const latency = (noisy: boolean) => () =>
    withFixture(async (fixture) => {
      const [quiet, loud] = await makeSteps(fixture, 2);
      if (quiet === undefined || loud === undefined) throw new Error("no steps");
      const sink = fixture.sink({ maxDelayMs: 40, limits: NO_LIMITS });
      const ending = new AbortController();
      const flood = noisy
        ? write(sink, loud, () => {}, ending.signal, Number.POSITIVE_INFINITY)
        : Promise.resolve();
      const seen = watchLog(sink, quiet, ending.signal);
      const p95 = await percentile95(sink, quiet, [seen]);
      ending.abort();
      await flood;
      return p95;
    });
  return compare({
    name: "a line of a quiet step beside a noisy one, p95",
    goal: { ratio: 2 },
    runs: 5,
    ours: latency(true),
    baseline: latency(false),
  });
}

/** From append to the last of 300 followers, p95. */
function followers(): Promise<Result> {
  const latency = (count: number) => () =>
    withFixture(async (fixture) => {
      const [ref] = await makeSteps(fixture, 1);
      if (ref === undefined) throw new Error("no step");
      const sink = fixture.sink({ maxDelayMs: 40 });
      const ending = new AbortController();
      const all = Array.from({ length: count }, () => watchLog(sink, ref, ending.signal));
      const p95 = await percentile95(sink, ref, all);
      ending.abort();
      return p95;
    });
  return compare({
    name: "a line to 300 followers, p95, beside one follower",
    goal: { ms: 300 },
    runs: 3,
    ours: latency(FOLLOWERS),
    baseline: latency(1),
  });
}

interface Watched {
  bytes: number;
  until: { readonly bytes: number; readonly resolve: () => void } | undefined;
}

function watchLog(sink: RowLogSink, ref: BuildLogRef, signal: AbortSignal): Watched {
  const watched: Watched = { bytes: 0, until: undefined };
  void (async () => {
    for await (const piece of sink.stream(ref, { follow: true, signal })) {
      watched.bytes += piece.data.length;
      if (watched.until !== undefined && watched.bytes >= watched.until.bytes) watched.until.resolve();
    }
  })();
  return watched;
}

async function percentile95(sink: RowLogSink, ref: BuildLogRef, all: readonly Watched[]): Promise<number> {
  const times: number[] = [];
  for (let seq = 1; seq <= SAMPLES; seq++) {
    const bytes = seq * LINE.length;
    const shown = all.map(
      (watched) =>
        new Promise<void>((resolve) => {
          watched.until = { bytes, resolve };
        }),
    );
    times.push(
      await timed(async () => {
        await sink.append(ref, { seq, at: Date.now(), data: Buffer.from(LINE) });
        await Promise.all(shown);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? Number.NaN;
}

async function write(
  sink: RowLogSink,
  ref: BuildLogRef,
  watch: () => void,
  signal?: AbortSignal,
  chunks = CHUNKS,
): Promise<void> {
  for (let seq = 1; seq <= chunks && signal?.aborted !== true; seq++) {
    await sink.append(ref, { seq, at: Date.now(), data: CHUNK });
    if (seq % 50 === 0) {
      watch();
      // As a server's loop, which has sockets to serve too.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

async function makeSteps(fixture: LogsFixture, count: number): Promise<BuildLogRef[]> {
  const steps: BuildLogRef[] = [];
  for (let i = 0; i < count; i++) steps.push(await fixture.step());
  return steps;
}

async function withFixture(action: (fixture: LogsFixture) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const fixture = await LogsFixture.open(systemClock, { kind: "sqlite", file: join(folder, "records.db") });
  try {
    return await action(fixture);
  } finally {
    await fixture.dispose();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The table, its index and the settings of the records; 1 MiB a transaction. */
async function bareLoop(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const database = new DatabaseSync(join(folder, "bare.db"));
  try {
    database.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -32768",
    );
    database.exec(`
      create table build_logs (ref_type text not null, ref_id text not null, chunk_seq integer not null,
        end_byte integer not null, content blob not null, created_at integer not null,
        primary key (ref_type, ref_id, chunk_seq));
      create index build_logs_by_byte on build_logs (ref_type, ref_id, end_byte)`);
    const insert = database.prepare("insert into build_logs values ('step', ?, ?, ?, ?, ?)");
    const ids = Array.from({ length: STEPS }, () => crypto.randomUUID());
    return await timed(() => {
      for (let seq = 1; seq <= CHUNKS; seq++) {
        database.exec("begin immediate");
        for (const id of ids) insert.run(id, seq, seq * CHUNK.length, CHUNK, Date.now());
        database.exec("commit");
      }
    });
  } finally {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
