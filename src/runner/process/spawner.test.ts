import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { FakeClock } from "../../fake-clock.ts";
import { OutputPipes } from "./output-pipes.ts";
import { processEntry } from "./process-table.ts";
import { type ProcessOptions, runProcess } from "./run-process.ts";
import { readySpawner, spawnerProgram } from "./spawner.fixture.ts";
import { Spawner, type SpawnerProgram } from "./spawner.ts";

const pipes = new OutputPipes();
const opened: Spawner[] = [];

afterEach(() => {
  for (const spawner of opened.splice(0)) spawner.close();
});

function opening(spawner: Spawner): Spawner {
  opened.push(spawner);
  return spawner;
}

async function bash(spawner: Spawner, script: string, onText: ProcessOptions["onOutput"] = () => {}) {
  let text = "";
  const end = await runProcess({
    file: "/bin/bash",
    args: ["-c", script],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    signal: new AbortController().signal,
    pipes,
    spawner,
    onOutput: (chunk) => {
      text += Buffer.from(chunk).toString();
      return onText(chunk);
    },
  });
  return { end, text };
}

test("is not started for a few processes, nor for many that are far apart", async () => {
  const clock = new FakeClock();
  const program: SpawnerProgram = { file: "/nowhere", args: [] };
  let launched = false;
  const spawner = opening(
    new Spawner(
      {
        ...program,
        get file() {
          launched = true;
          return program.file;
        },
      },
      clock,
      { starts: 3, withinMs: 100 },
    ),
  );
  for (let i = 0; i < 10; i++) {
    spawner.note();
    clock.advance(60);
  }
  expect(launched).toBe(false);
  spawner.note();
  spawner.note();
  expect(launched).toBe(true);
});

test("that cannot be started leaves the work to the caller", async () => {
  const spawner = opening(
    new Spawner({ file: "/nowhere", args: [] }, new FakeClock(), { starts: 1, withinMs: 1 }),
  );
  for (let i = 0; i < 3; i++) {
    expect(await bash(spawner, "echo $PPID")).toMatchObject({ text: `${process.pid}\n` });
  }
  expect(spawner.isReady).toBe(false);
});

test("that cannot open the pipes of its program leaves the work to the caller from then on", async () => {
  const spawner = opening(await readySpawner());
  const wish = { file: "/bin/true", args: [], cwd: "/", env: {}, stdin: undefined, output: 999_999 };
  expect(await spawner.start(wish)).toBeUndefined();
  expect(spawner.isReady).toBe(false);
  expect((await bash(spawner, "echo $PPID")).text).toBe(`${process.pid}\n`);
});

test("whose program ends, ends too", async () => {
  const { file, args } = spawnerProgram;
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.stdin.destroy();
  expect(await once(child, "exit")).toEqual([0, null]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "stays on %s for the news of its processes",
  async (signal) => {
    const spawner = opening(await readySpawner());
    const spawnerId = Number((await bash(spawner, "echo $PPID")).text);
    const { end } = await bash(spawner, `kill -${signal} $PPID; exit 7`);
    expect(end).toMatchObject({ kind: "exited", code: 7 });
    expect((await bash(spawner, "echo $PPID")).text).toBe(`${spawnerId}\n`);
  },
);

test("leaves its processes the signals it does not heed itself", async () => {
  const spawner = opening(await readySpawner());
  expect((await bash(spawner, "kill -TERM $$")).end).toMatchObject({ kind: "signalled", signal: "SIGTERM" });
});

test("that is killed takes its processes with it, which are told to be lost, and later ones are the caller's", async () => {
  const spawner = opening(await readySpawner());
  const spawnerId = Number((await bash(spawner, "echo $PPID")).text);
  let processId = 0;
  const { end } = await bash(spawner, "echo $$; exec sleep 60", (chunk) => {
    processId = Number(Buffer.from(chunk).toString());
    process.kill(spawnerId, "SIGKILL");
  });
  expect(end).toMatchObject({ kind: "lost", error: { code: "Transient" }, cancelled: false });
  await expect.poll(() => processEntry(processId)).toBeUndefined();
  expect((await bash(spawner, "echo $PPID")).text).toBe(`${process.pid}\n`);
});

test("an order that a spawner took into its grave is not carried out again", async () => {
  const spawner = opening(await readySpawner());
  const answer = spawner.start({
    file: "/bin/true",
    args: [],
    cwd: "/",
    env: {},
    stdin: undefined,
    output: 1,
  });
  spawner.close();
  await expect(answer).rejects.toThrow("the process that starts others has ended");
});
