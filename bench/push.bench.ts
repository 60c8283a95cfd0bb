// 1 GB of log from a runner that pushes, through its mailbox into the log of its step, beside a bare loop that puts the same
// bytes into the same records. And 2,000 runners that say nothing and wait for commands.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { type RunnerServer, startRunnerServer } from "../src/builds/runners/runner-server.fixture.ts";
import { systemClock } from "../src/clock.ts";
import { MasterKey } from "../src/identity/master-key.ts";
import { StoredJobTokens } from "../src/identity/stored-job-tokens.ts";
import { LogsFixture } from "../src/logs/logs.fixture.ts";
import type { Frame } from "../src/protocol/frame.ts";
import type { LogRow } from "../src/store/log-store.ts";
import type { StoreOptions } from "../src/store/open-store.ts";
import { busyLog } from "./busy-log.ts";
import { compare, type Result, timed } from "./measure.ts";

const BYTES = 1_000_000_000;
const ROWS_AT_ONCE = 16;
const RUNNERS = 2_000;
const WAIT_SECONDS = 30;
const NO_LIMITS = { maxStepBytes: 1e12, maxBuildBytes: 1e12 };
const CHECKPOINT_MS = 1_000;
const program = fileURLToPath(new URL("push-runners.ts", import.meta.url));

export async function bench(): Promise<Result[]> {
  const results = [await throughput("SQLite", sqliteFile)];
  // As it is, not bundled: it starts programs that lie beside it.
  const place = new URL("../test/support/parts/use-part.ts", import.meta.url).href;
  const { usePart, stopParts }: typeof import("../test/support/parts/use-part.ts") = await import(place);
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-parts-"));
  try {
    // PostgreSQL runs as a user of its own.
    chmodSync(folder, 0o755);
    const { url = "" } = await usePart(folder, process.pid, "postgres");
    results.push(await throughput("PostgreSQL", () => postgresDatabase(url)));
  } finally {
    await stopParts(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  return [...results, await waiting()];
}

interface Records {
  readonly options: StoreOptions;
  dispose(): Promise<void>;
}

async function throughput(engine: string, open: () => Promise<Records>): Promise<Result> {
  const notes: string[] = [];
  const withFixture = async (action: (fixture: LogsFixture) => Promise<number>) => {
    const { options, dispose } = await open();
    const fixture = await LogsFixture.open(systemClock, options);
    try {
      return await action(fixture);
    } finally {
      await fixture.dispose();
      await dispose();
    }
  };
  return await compare({
    name: `${BYTES / 1e6} MB of log by push, through the mailbox into ${engine}`,
    goal: { ratio: 4 },
    runs: 1,
    ours: () =>
      withFixture(async (fixture) => {
        const ms = await timed(async () => notes.push(await pushed(fixture)));
        notes.push(`${Math.round(BYTES / 1e3 / ms)} MB/s`);
        return ms;
      }),
    baseline: () =>
      withFixture(async (fixture) => {
        const ref = await fixture.step();
        return await timed(async () => {
          let [seq, startByte] = [0, 0];
          let rows: LogRow[] = [];
          for (const content of busyLog(BYTES)) {
            seq += 1;
            rows.push({ ref, seq, startByte, content, at: 1 });
            startByte += content.length;
            if (rows.length < ROWS_AT_ONCE && startByte < BYTES) continue;
            await fixture.store.logs.append(rows);
            rows = [];
          }
        });
      }),
    notes: () => `${notes.slice(-2).join(", ")}; baseline: rows of logs in batches of 1 MiB`,
  });
}

async function pushed(fixture: LogsFixture): Promise<string> {
  const server = await serverOf(fixture);
  try {
    const ref = await fixture.step();
    const sink = fixture.sink({ maxDelayMs: 40, limits: NO_LIMITS });
    const runner = { buildId: fixture.buildId, jobKey: "job", attempt: 1 };
    const target = await server.mailbox.open(runner);
    const child = spawn(process.execPath, [program, "print", target.url, target.token, `${BYTES}`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    let bytes = 0;
    let lastSeq = 0;
    let checkpointAt = performance.now();
    const take = (frame: Frame) => {
      if (frame.seq !== lastSeq + 1) throw new Error(`frame ${frame.seq} after ${lastSeq}`);
      lastSeq = frame.seq;
      if (frame.type !== "log") return;
      bytes += frame.data.length;
      const taken = sink.append(ref, { seq: frame.seq, at: frame.at, data: frame.data });
      if (performance.now() - checkpointAt < CHECKPOINT_MS) return taken;
      checkpointAt = performance.now();
      return checkpoint(fixture, sink, frame.seq);
    };
    await server.mailbox.follow(runner, 0, take, new AbortController().signal);
    await sink.flush();
    const { delivered, peak } = JSON.parse(String((await said.next()).value)) as {
      delivered: boolean;
      peak: number;
    };
    const { sizeBytes } = await sink.stat(ref);
    if (!delivered || bytes !== BYTES || sizeBytes !== BYTES)
      throw new Error(`${bytes} and ${sizeBytes} bytes arrived`);
    return `runner ${Math.round(peak / 1e6)} MB, server ${Math.round(process.memoryUsage.rss() / 1e6)} MB of memory`;
  } finally {
    await server.close();
  }
}

async function checkpoint(
  fixture: LogsFixture,
  sink: ReturnType<LogsFixture["sink"]>,
  frameSeq: number,
): Promise<void> {
  await sink.flush();
  await fixture.store.builds.advance(fixture.lease, [
    { kind: "job-changed", job: fixture.jobId, at: Date.now(), frameSeq },
  ]);
}

function serverOf({ store, events }: LogsFixture): Promise<RunnerServer> {
  const tokens = new StoredJobTokens({
    builds: store.builds,
    masterKeys: [MasterKey.random()],
    clock: systemClock,
  });
  return startRunnerServer({ store, tokens, events }, { pollMs: 2_000 });
}

/** CPU of the server in a round of waits, and its memory, beside a server that only holds the same requests. */
async function waiting(): Promise<Result> {
  const { options, dispose } = await sqliteFile();
  const fixture = await LogsFixture.open(systemClock, options);
  const server = await serverOf(fixture);
  try {
    const tokens: string[] = [];
    for (let i = 0; i < RUNNERS; i += 1) {
      const [id, key] = [`job-${i}`, `wait-${i}`];
      const job = {
        id,
        buildId: fixture.buildId,
        key,
        jobId: key,
        name: key,
        kind: "job",
        needs: [],
      } as const;
      await fixture.store.builds.advance(fixture.lease, [
        { kind: "job-added", job: { ...job, position: i + 2, attempt: 1, createdAt: 1 } },
        { kind: "job-changed", job: id, to: "running", at: 1 },
      ]);
      tokens.push((await server.mailbox.open({ buildId: fixture.buildId, jobKey: key, attempt: 1 })).token);
    }
    const bare = createServer((_, response) => {
      setTimeout(() => response.end('{"commands":[],"accepted":0}'), WAIT_SECONDS * 1_000);
    });
    bare.listen(0, "127.0.0.1");
    await once(bare, "listening");
    const bareUrl = `http://127.0.0.1:${(bare.address() as AddressInfo).port}`;
    const connections = () =>
      new Promise<number>((resolve) => bare.getConnections((_, count) => resolve(count)));
    const baseline = await held(bareUrl, tokens, connections);
    const ours = await held(server.url, tokens, () => server.handler.waiting);
    bare.closeAllConnections();
    bare.close();
    const share = (ours.cpuMs / (WAIT_SECONDS * 1_000)) * 100;
    return {
      name: `${RUNNERS} runners that wait for commands, CPU in ${WAIT_SECONDS} s`,
      oursMs: ours.cpuMs,
      baselineMs: baseline.cpuMs,
      ratio: ours.cpuMs / baseline.cpuMs,
      goal: "≤ 10 % of a core, ≤ 100 MB",
      met: share <= 10 && ours.memory <= 100e6,
      notes: `${share.toFixed(1)} % of a core, ${Math.round(ours.memory / 1e6)} MB of memory; bare server ${Math.round(baseline.memory / 1e6)} MB`,
    };
  } finally {
    await server.close();
    await fixture.dispose();
    await dispose();
  }
}

async function held(
  url: string,
  tokens: readonly string[],
  count: () => number | Promise<number>,
): Promise<{ readonly cpuMs: number; readonly memory: number }> {
  const before = process.memoryUsage.rss();
  const child = spawn(process.execPath, [program, "wait", url], { stdio: ["pipe", "inherit", "inherit"] });
  child.stdin.write(`${tokens.join(" ")}\n`);
  while ((await count()) < RUNNERS) await pause(100);
  // A whole round, in which each of them is answered once and asks again.
  const cpu = process.cpuUsage();
  await pause(WAIT_SECONDS * 1_000);
  const { user, system } = process.cpuUsage(cpu);
  const memory = process.memoryUsage.rss() - before;
  child.stdin.end();
  await once(child, "exit");
  return { cpuMs: (user + system) / 1_000, memory };
}

async function sqliteFile(): Promise<Records> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  return {
    options: { kind: "sqlite", file: join(folder, "records.db") },
    dispose: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function postgresDatabase(server: string): Promise<Records> {
  const name = `push_${Date.now()}`;
  const run = async (statement: string) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  await run(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    options: { kind: "postgres", url: url.href },
    dispose: () => run(`drop database ${name} with (force)`),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
