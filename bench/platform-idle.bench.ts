// The built server as its operators start it: how soon it is ready, and what it costs while nobody wants anything.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, type Result, timed } from "./measure.ts";

const PROGRAM = fileURLToPath(new URL("../dist/slipway.mjs", import.meta.url));
const START_LATER_MS = 1_000;
const MOST_RSS = 150_000_000;
const IDLE_MS = 20_000;
/** Of one core. */
const MOST_CPU = 0.02;
/** Of `/proc/<pid>/stat`, on every Linux. */
const TICK_MS = 10;

export async function bench(): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  try {
    return [await starts(folder, true), await starts(folder, false), ...(await idle(folder))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** To the line that says it serves, beside a Node that does nothing. */
async function starts(folder: string, isCold: boolean): Promise<Result> {
  let count = 0;
  const result = await compare({
    name: `starts to ready, ${isCold ? "a new" : "its own"} data folder`,
    goal: { ms: START_LATER_MS },
    runs: 7,
    ours: async () => {
      count += 1;
      let server: ChildProcess | undefined;
      const ms = await timed(async () => {
        server = await start(join(folder, isCold ? `data-${count}` : "data"));
      });
      if (server !== undefined) await stop(server);
      return ms;
    },
    baseline: () =>
      timed(() => new Promise((resolve) => spawn(process.execPath, ["-e", "0"]).once("close", resolve))),
  });
  const later = result.oursMs - result.baselineMs;
  return {
    ...result,
    goal: `≤ ${START_LATER_MS} ms later`,
    met: later <= START_LATER_MS,
    notes: `${later.toFixed(0)} ms after Node's own start`,
  };
}

async function idle(folder: string): Promise<Result[]> {
  const server = await start(join(folder, "data"));
  try {
    const pid = server.pid ?? 0;
    // What a start leaves behind is collected by then.
    await pause(3_000);
    const before = cpuMs(pid);
    await pause(IDLE_MS);
    const used = cpuMs(pid) - before;
    const rss = rssOf(pid);
    const share = used / IDLE_MS;
    return [
      {
        name: `idle for ${IDLE_MS / 1000} s, processor time`,
        oursMs: used,
        baselineMs: IDLE_MS,
        ratio: share,
        goal: `≤ ${MOST_CPU} ×`,
        met: share <= MOST_CPU && rss <= MOST_RSS,
        notes: `memory ${Math.round(rss / 1e6)} MB, goal ${MOST_RSS / 1e6} MB; baseline: one core`,
      },
    ];
  } finally {
    await stop(server);
  }
}

function start(data: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PROGRAM, "serve", "--listen", "127.0.0.1:0"], {
    env: { PATH: process.env.PATH, HOME: dirname(data), SLIPWAY_DATA: data },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (text: string) => {
      said += text;
      if (/Slipway serves \S+\n/.test(said)) resolve(child);
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("close", (code) => reject(new Error(`the server has ended with ${code}:\n${said}`)));
  });
}

function stop(server: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    server.once("close", () => resolve());
    server.kill("SIGTERM");
  });
}

/** User and system time; the name of the program, in brackets, may hold spaces. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
