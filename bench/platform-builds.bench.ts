// Trivial builds from the API call to their final state, on what comes with the server: SQLite, queue and events in
// memory; beside a bare loop that writes the same rows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { BareSqlite, type BuildRows, finishedBuilds, rowsOfBuild } from "./bare-builds.ts";
import { compare, type Result } from "./measure.ts";
import { type BenchPlatform, openPlatform, STEPS } from "./platform.ts";
import { describeRun, latencies, percentile, runBuilds } from "./platform-load.ts";

const BUILDS = 1_000;
const USERS = 16;
const RUNS = 5;
const OLD_BUILDS = 100_000;

export async function bench(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const files = { empty: join(folder, "empty.db"), full: join(folder, "full.db") };
  try {
    const rows = await oneBuild(files.full);
    fill(files.full, rows);
    const empty = await openPlatform({ records: { kind: "sqlite", file: files.empty } });
    const full = await openPlatform({ records: { kind: "sqlite", file: files.full } });
    try {
      return [
        await throughput(empty, rows),
        await growth(empty, full),
        ...(await latencies("SQLite", empty, USERS)),
        await stepsRecorded(),
      ];
    } finally {
      await empty.close();
      await full.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function throughput(platform: BenchPlatform, rows: BuildRows): Promise<Result> {
  const bare = await BareSqlite.open(rows);
  const cpu = { ours: 0, bare: 0 };
  let last = "";
  try {
    const result = await compare({
      name: `SQLite: ${BUILDS} builds`,
      goal: { ratio: 3 },
      runs: RUNS,
      ours: async () => {
        const run = await runBuilds(platform, BUILDS, USERS);
        cpu.ours = run.cpuMs;
        last = describeRun(run, BUILDS);
        return run.ms;
      },
      baseline: async () => {
        const before = process.cpuUsage();
        const ms = await bare.write(BUILDS);
        const { user, system } = process.cpuUsage(before);
        cpu.bare = (user + system) / 1000;
        return ms;
      },
      notes: () => `${last}; of processor time ${(cpu.ours / cpu.bare).toFixed(1)} ×`,
    });
    return result;
  } finally {
    bare.close();
  }
}

function growth(empty: BenchPlatform, full: BenchPlatform): Promise<Result> {
  return compare({
    name: `SQLite: the same after ${OLD_BUILDS} builds`,
    goal: { ratio: 1.2 },
    runs: RUNS,
    ours: async () => (await runBuilds(full, BUILDS, USERS)).ms,
    baseline: async () => (await runBuilds(empty, BUILDS, USERS)).ms,
  });
}

/** Of builds with five steps that print, all places taken. */
async function stepsRecorded(): Promise<Result> {
  const platform = await openPlatform({ pipeline: STEPS });
  try {
    await runBuilds(platform, 100, USERS);
    platform.stepsRecorded.length = 0;
    await runBuilds(platform, 400, USERS);
    const p95 = percentile(platform.stepsRecorded, 0.95);
    const median = percentile(platform.stepsRecorded, 0.5);
    return {
      name: "SQLite: end of a step to the records, p95",
      oursMs: p95,
      baselineMs: median,
      ratio: p95 / median,
      goal: "≤ 250 ms",
      met: p95 <= 250,
      notes: `baseline: the median; ${platform.stepsRecorded.length} steps`,
    };
  } finally {
    await platform.close();
  }
}

async function oneBuild(file: string): Promise<BuildRows> {
  const platform = await openPlatform({ records: { kind: "sqlite", file } });
  await runBuilds(platform, 1, 1);
  await platform.close();
  const database = new DatabaseSync(file);
  try {
    const id = database.prepare("select id from builds limit 1").get()?.id ?? null;
    return await rowsOfBuild((query) => database.prepare(query.replace("$1", "?")).all(id) as never);
  } finally {
    database.close();
  }
}

function fill(file: string, rows: BuildRows): void {
  const database = new DatabaseSync(file);
  try {
    for (const text of finishedBuilds(rows, OLD_BUILDS, "sqlite")) database.exec(text);
    database.exec("analyze");
  } finally {
    database.close();
  }
}
