// A line on its way from the runner through the records to 300 who follow it over HTTP, in another process.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Result } from "./measure.ts";
import { type BenchPlatform, openPlatform } from "./platform.ts";
import { HttpClient, percentile } from "./platform-load.ts";
import { PrintingExecutor } from "./printing-executor.ts";

const FOLLOWERS = 300;
const LINES = 100;
const EVERY_MS = 100;
const BEST_MS = 300;

export async function bench(): Promise<Result[]> {
  const one = await shown(1);
  const all = await shown(FOLLOWERS);
  if (all.length !== FOLLOWERS * LINES) throw new Error(`${all.length} lines were shown`);
  const [p95, alone] = [percentile(all, 0.95), percentile(one, 0.95)];
  return [
    {
      name: `a line to ${FOLLOWERS} followers over SSE, p95`,
      oursMs: p95,
      baselineMs: alone,
      ratio: p95 / alone,
      goal: `≤ ${BEST_MS} ms`,
      met: p95 <= BEST_MS,
      notes: `baseline: one follower; the median is ${percentile(all, 0.5).toFixed(0)} ms, the worst ${Math.max(...all).toFixed(0)} ms`,
    },
  ];
}

/** Milliseconds from print to show, of each line and follower. */
async function shown(followers: number): Promise<number[]> {
  const executor = new PrintingExecutor();
  const platform = await openPlatform({ executor });
  try {
    const path = await startStep(platform);
    const program = fileURLToPath(new URL("follow-logs.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      [program, `${platform.port}`, path, platform.token, `${followers}`],
      {
        stdio: ["pipe", "pipe", "inherit"],
      },
    );
    try {
      const said = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      await executor.print("begin\n");
      await said.next();
      for (let i = 0; i < LINES; i += 1) {
        await executor.print(`printed ${(performance.timeOrigin + performance.now()).toFixed(3)} \n`);
        await pause(EVERY_MS);
      }
      await pause(1_000);
      child.stdin.write("\n");
      const { value } = await said.next();
      return JSON.parse(String(value)) as number[];
    } finally {
      child.kill("SIGKILL");
      await executor.end();
    }
  } finally {
    await platform.close();
  }
}

/** The path of the log of a step that runs. */
async function startStep(platform: BenchPlatform): Promise<string> {
  const client = await HttpClient.open(platform);
  const base = `/api/v1/projects/${platform.projectId}/pipelines`;
  const { text } = await client.post(base, JSON.stringify({ pipeline: "CI" }));
  client.close();
  const { id } = JSON.parse(text) as { id: string };
  for (;;) {
    const [step] = await platform.store.builds.steps(id);
    if (step?.status === "running") return `${base}/${id}/steps/${step.id}/logs?follow=true`;
    await pause(5);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
