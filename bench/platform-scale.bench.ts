// Trivial builds from the API call to their final state on PostgreSQL and RabbitMQ, beside bare clients that write the
// same rows and send the same messages. Both servers are started for this run and sync nothing to disk: what is measured
// is the program, not the disk, and on both sides alike.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { BarePostgres, finishedBuilds, rowsOfBuild } from "./bare-builds.ts";
import { compare, type Result } from "./measure.ts";
import { openPlatform } from "./platform.ts";
import { describeRun, latencies, runBuilds } from "./platform-load.ts";

const BUILDS = 500;
const USERS = 16;
const RUNS = 3;
const OLD_BUILDS = 100_000;

export async function bench(): Promise<Result[]> {
  // As it is, not bundled: it starts programs that lie beside it.
  const place = new URL("../test/support/parts/use-part.ts", import.meta.url).href;
  const { usePart, stopParts }: typeof import("../test/support/parts/use-part.ts") = await import(place);
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-parts-"));
  try {
    // PostgreSQL runs as a user of its own.
    chmodSync(folder, 0o755);
    const [{ url: server = "" }, { url: rabbitUrl = "" }] = await Promise.all([
      usePart(folder, process.pid, "postgres"),
      usePart(folder, process.pid, "rabbit"),
    ]);
    return await measure(server, rabbitUrl);
  } finally {
    await stopParts(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(server: string, rabbitUrl: string): Promise<Result[]> {
  const [url, fullUrl, bareUrl] = [await create(server), await create(server), await create(server)];
  const platform = await openPlatform({ records: { kind: "postgres", url }, rabbitUrl });
  const full = await openPlatform({ records: { kind: "postgres", url: fullUrl }, rabbitUrl });
  await runBuilds(full, 1, 1);
  const rows = await inDatabase(fullUrl, async (client) => {
    const { rows: found } = await client.query("select id from builds");
    const one = await rowsOfBuild(async (query) => (await client.query(query, [found[0].id])).rows);
    for (const text of finishedBuilds(one, OLD_BUILDS, "postgres")) await client.query(text);
    await client.query("analyze");
    return one;
  });
  const bare = await BarePostgres.open(bareUrl, rabbitUrl, rows);
  let last = "";
  let alike = 0;
  try {
    return [
      await compare({
        name: `PostgreSQL and RabbitMQ: ${BUILDS} builds`,
        goal: { ratio: 3 },
        runs: RUNS,
        ours: async () => {
          const run = await runBuilds(platform, BUILDS, USERS);
          last = describeRun(run, BUILDS);
          alike = run.ms / (await bare.write(BUILDS, USERS));
          return run.ms;
        },
        baseline: () => bare.write(BUILDS, 1),
        notes: () => `${last}; beside ${USERS} bare loops at once ${alike.toFixed(1)} ×`,
      }),
      await compare({
        name: `PostgreSQL: the same after ${OLD_BUILDS} builds`,
        goal: { ratio: 1.2 },
        runs: RUNS,
        ours: async () => (await runBuilds(full, BUILDS, USERS)).ms,
        baseline: async () => (await runBuilds(platform, BUILDS, USERS)).ms,
      }),
      ...(await latencies("PostgreSQL", platform, USERS)),
    ];
  } finally {
    await bare.close();
    await platform.close();
    await full.close();
  }
}

async function create(server: string): Promise<string> {
  const name = `bench_${randomBytes(6).toString("hex")}`;
  await inDatabase(server, (client) => client.query(`create database ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const types = { getTypeParser: (oid: number) => (oid === 20 ? Number : pg.types.getTypeParser(oid)) };
  const client = new pg.Client({ connectionString: url, types: types as never });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
