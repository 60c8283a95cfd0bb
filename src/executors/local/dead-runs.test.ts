import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimFolder, sweepDeadRuns } from "./dead-runs.ts";

let parent: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "dead-runs-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(parent, { recursive: true, force: true });
});

function folder(name: string): string {
  const path = join(parent, name);
  mkdirSync(path);
  writeFileSync(join(path, "file"), "");
  return path;
}

function sleeper(env: Readonly<Record<string, string>>): ChildProcess & { readonly pid: number } {
  const child = spawn("sleep", ["600"], { env: { PATH: process.env.PATH, ...env }, stdio: "ignore" });
  children.push(child);
  if (child.pid === undefined) throw new Error("sleep cannot be started");
  return child as ChildProcess & { readonly pid: number };
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

describe("sweepDeadRuns", () => {
  it("removes the folder of a run that was killed, and kills what its steps left", async () => {
    const path = folder("slipway-dead");
    const run = sleeper({});
    claimFolder(path, run.pid);
    await kill(run);
    const left = sleeper({ RUNNER_TEMP: join(path, "job/_temp"), RUNNER_TRACKING_ID: "github_dead-run" });
    const other = sleeper({
      RUNNER_TEMP: join(parent, "slipway-dead2/_temp"),
      RUNNER_TRACKING_ID: "github_other",
    });
    const ended = once(left, "exit");
    await sweepDeadRuns(parent);
    expect((await ended)[1]).toBe("SIGKILL");
    expect(existsSync(path)).toBe(false);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  it("leaves runs that live, folders without an owner, and those it cannot judge", async () => {
    const living = folder("slipway-living");
    claimFolder(living);
    const kept = folder("slipway-kept");
    const broken = folder("slipway-broken");
    writeFileSync(join(broken, ".owner"), "{");
    const elsewhere = folder("slipway-elsewhere");
    claimFolder(elsewhere);
    const owner = JSON.parse(readFileSync(join(elsewhere, ".owner"), "utf8")) as object;
    writeFileSync(join(elsewhere, ".owner"), JSON.stringify({ ...owner, boot: "another", start: "0" }));
    await sweepDeadRuns(parent);
    expect([living, kept, broken, elsewhere].map((path) => existsSync(path))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });

  it("knows a process that was given the id of a dead one", async () => {
    const path = folder("slipway-reused");
    claimFolder(path);
    const owner = JSON.parse(readFileSync(join(path, ".owner"), "utf8")) as object;
    writeFileSync(join(path, ".owner"), JSON.stringify({ ...owner, start: "1" }));
    await sweepDeadRuns(parent);
    expect(existsSync(path)).toBe(false);
  });

  it("does nothing where there is no such folder", async () => {
    await expect(sweepDeadRuns(join(parent, "nowhere"))).resolves.toBeUndefined();
  });
});
