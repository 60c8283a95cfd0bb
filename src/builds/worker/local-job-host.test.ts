import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobEnd, JobNeeds } from "../../executors/executor.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { JobHost } from "./job-host.ts";
import { build, hostIn, jobCalled, requestOf } from "./local-job-host.fixture.ts";
import type { LocalJobHostOptions } from "./local-job-host.ts";

const PATH = process.env.PATH ?? "/usr/bin:/bin";
let folder: string;
let host: JobHost;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-host-")));
  host = hostIn(folder, PATH);
});
afterEach(async () => {
  await host.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(jobKey: string, script: string, by = host) {
  const frames: Frame[] = [];
  const notes: string[] = [];
  const environment = await by.jobEnvironment(build, jobCalled(jobKey));
  const job = await by.executor.start(
    requestOf(jobKey, script, environment),
    (frame) => void frames.push(frame),
    (note) => void notes.push(note),
  );
  const text = () =>
    frames.map((frame) => (frame.type === "log" ? Buffer.from(frame.data).toString("utf8") : "")).join("");
  return { job, frames, notes, text, environment };
}

const resultOf = (end: JobEnd) => (end.kind === "reported" ? end.final.result : `lost: ${end.error.code}`);

/** `test -e` in a loop: a step that goes on when the test lets it. */
const waitFor = (path: string) => `while [ ! -e '${path}' ]; do sleep 0.02; done`;

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("jobEnvironment", () => {
  it("tells where a job works, what it sees, who it runs on, and where its repository is", async () => {
    const one = await host.jobEnvironment(build, jobCalled("test"));
    expect(one).toMatchObject({
      baseEnv: { PATH, FROM_WORKER: "seen" },
      runner: { name: "machine", environment: "self-hosted", nodePath: process.execPath },
      checkout: {
        builtin: true,
        repository: "owner/app",
        serverUrl: "https://slipway.test",
        source: { kind: "git", url: "https://slipway.test/git/app.git", token: "token-of-test" },
        bound: false,
      },
      masks: ["token-of-test"],
    });
    expect(basename(one.directories.workspace)).toBe("app");
    const other = await host.jobEnvironment({ ...build, projectId: "lib" }, jobCalled("test", 2));
    expect(basename(other.directories.workspace)).toBe("lib");
    expect(other.directories.temp).not.toBe(one.directories.temp);
  });
});

describe("a host's executor", () => {
  const refusal = (more: Partial<JobNeeds>) =>
    host.executor.refuses({ labels: [], container: false, services: false, ...more });

  it.each([[["ubuntu-latest"]], [["self-hosted"]], [["BIG"]], [[]]])("takes %j", (labels) => {
    expect(refusal({ labels })).toBeUndefined();
  });

  it("takes a group as a label where there is none", () => {
    expect(refusal({ group: "big" })).toBeUndefined();
    expect(refusal({ group: "huge" })).toContain("'huge'");
    expect(refusal({ labels: ["linux"], group: "huge" })).toBeUndefined();
  });

  it("refuses a job for another machine with the labels that are missing, and where they are set", () => {
    const labels = ["self-hosted", "gpu", "arm9"];
    expect(refusal({ labels })).toMatch(/'gpu', 'arm9'\. .*worker\.labels/);
  });
});

describe("a local job", () => {
  it("runs in a process and folders of its own, which are gone when it has ended", async () => {
    const { job, text, environment } = await start("test", `echo "$PPID $FROM_WORKER $PWD"; touch left; env`);
    expect(resultOf(await job.ended)).toBe("success");
    const { workspace } = environment.directories;
    expect(text()).toContain(`seen ${workspace}`);
    expect(text()).not.toContain(`\n${process.pid} seen`);
    expect(text()).not.toContain("VITEST");
    await host.close();
    expect(existsSync(workspace)).toBe(false);
  });

  it("never shows the token that reads its repository", async () => {
    const { job, text } = await start("test", "echo token-of-test");
    await job.ended;
    expect(text()).toContain("***");
    expect(text()).not.toMatch(/^token-of-test$/m);
  });

  it("can be looked at before what it left goes, and is released whatever comes of that", async () => {
    const seen: string[] = [];
    const beforeRelease: NonNullable<LocalJobHostOptions["beforeRelease"]> = async (request) => {
      seen.push(...readdirSync(request.directories.workspace));
      throw new Error("no matter");
    };
    const own = hostIn(folder, PATH, { beforeRelease });
    const { job } = await start("test", "touch made", own);
    expect(resultOf(await job.ended)).toBe("success");
    expect(seen).toEqual(["made"]);
    await own.close();
  });

  it("says in its log, and as annotations, what was found wrong with what it left", async () => {
    const beforeRelease = async () => ["artifact a: too large", "artifact b: gone"];
    const own = hostIn(folder, PATH, { beforeRelease });
    const { job, frames, notes } = await start("test", "true", own);
    expect(resultOf(await job.ended)).toBe("success");
    expect(notes).toEqual(["##[warning]artifact a: too large", "##[warning]artifact b: gone"]);
    expect(frames.filter(({ type }) => type === "annotation")).toMatchObject([
      { step: 0, level: "warning", message: "artifact a: too large" },
      { step: 0, level: "warning", message: "artifact b: gone" },
    ]);
    const numbers = frames.map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    await own.close();
  });

  it("that is cut short leaves nothing worth a look: it may run elsewhere by then", async () => {
    const looked: string[] = [];
    const beforeRelease = async () => {
      looked.push("looked");
      return [];
    };
    const own = hostIn(folder, PATH, { beforeRelease });
    const { job, frames, environment } = await start("test", "touch made; exec tail -f /dev/null", own);
    await until(() => frames.some(({ type }) => type === "step.started"));
    job.kill();
    expect(resultOf(await job.ended)).toBe("cancelled");
    expect(looked).toEqual([]);
    await own.close();
    expect(existsSync(environment.directories.workspace)).toBe(false);
  });

  it("waits where as many run as may, in the order they came", async () => {
    const gate = join(folder, "gate");
    const running = await Promise.all([start("a", waitFor(gate)), start("b", waitFor(gate))]);
    const waiting = await start("c", "true");
    await until(() => running.every(({ frames }) => frames.some(({ type }) => type === "step.started")));
    expect(waiting.frames).toEqual([]);
    await running[0].job.cancel("enough");
    expect(resultOf(await running[0].job.ended)).toBe("cancelled");
    expect(resultOf(await waiting.job.ended)).toBe("success");
    running[1].job.kill();
    await running[1].job.ended;
  });

  it("that waits is cancelled without waiting longer, and killed without having begun", async () => {
    const gate = join(folder, "gate");
    const running = await Promise.all([start("a", waitFor(gate)), start("b", waitFor(gate))]);
    const [cancelled, killed] = [await start("c", "true"), await start("d", "true")];
    cancelled.job.cancel("enough");
    expect(resultOf(await cancelled.job.ended)).toBe("cancelled");
    killed.job.kill();
    expect(resultOf(await killed.job.ended)).toBe("lost: Cancelled");
    expect(killed.frames).toEqual([]);
    for (const { job } of running) job.kill();
    for (const { job } of running) await job.ended;
  });

  it("whose runner cannot be started is lost with the reason, and its place is free again", async () => {
    const own = hostIn(folder, PATH, { maxJobs: 1, program: { file: "/no/such/node", args: [], env: {} } });
    for (const key of ["a", "b"]) {
      const { job } = await start(key, "true", own);
      const end = await job.ended;
      expect(end.kind === "lost" && end.error.message).toContain("runner could not be started");
    }
    await own.close();
  });
});

describe("a worker that is killed", () => {
  it("leaves no process of its jobs behind, and its folders go with the next sweep", async () => {
    const pids = join(folder, "pids");
    const script = `
      trap '' INT TERM HUP
      setsid sh -c 'echo $$ >> "${pids}"; exec tail -f /dev/null' > /dev/null 2>&1 < /dev/null &
      (while :; do sleep 0.02; done) & echo $! >> '${pids}'
      echo $$ >> '${pids}'
      while :; do sleep 0.02; done`;
    const main = fileURLToPath(new URL("./dying-worker.fixture.ts", import.meta.url));
    const worker = spawn(process.execPath, [main, folder, PATH, script], {
      env: { PATH },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const exited = once(worker, "exit");
    const left = () =>
      existsSync(pids) ? readFileSync(pids, "utf8").split("\n").filter(Boolean).map(Number) : [];
    await until(() => left().length === 3 || worker.exitCode !== null);
    expect(left().map(isAlive)).toEqual([true, true, true]);
    worker.kill("SIGKILL");
    await exited;
    await until(() => !left().some(isAlive));
    const folders = () => readdirSync(folder).filter((name) => name.startsWith("slipway-"));
    const own = folders().length;
    await host.sweep();
    expect(folders()).toHaveLength(own - 1);
  });
});
