import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../clock.ts";
import { processEntry } from "./process-table.ts";
import { createProcessTracker, killLeftovers, type ProcessTracker } from "./process-tracker.ts";
import { runProcess } from "./run-process.ts";

const PATH = "/usr/local/bin:/usr/bin:/bin";
let directory: string;
let tracker: ProcessTracker;
let strays: number[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "tracker-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  tracker = createProcessTracker(`github_${randomUUID()}`);
  strays = [];
});
afterEach(() => {
  for (const pid of strays) if (isAlive(pid)) process.kill(pid, "SIGKILL");
});

/** Runs the script as a step; it writes the ids of what it leaves into the file `$PIDS`, one a line. */
async function step(script: string, env: { [name: string]: string } = tracker.env): Promise<number[]> {
  const PIDS = join(directory, randomUUID());
  await runProcess({
    file: "/bin/bash",
    args: ["-c", script],
    cwd: directory,
    env: { PATH, PIDS, ...env },
    signal: new AbortController().signal,
    tracker,
    outputGrace: { quietMs: 0, totalMs: 0 },
    onOutput: () => {},
  });
  const pids = readFileSync(PIDS, "utf8").trim().split("\n").map(Number);
  strays.push(...pids);
  return pids;
}

describe("nothing of a job outlives it", () => {
  test.each([
    ["a child in the background", "sleep 1000 & echo $! > $PIDS"],
    ["a child that ignores signals", "(trap '' INT TERM HUP; exec sleep 1000) & echo $! > $PIDS"],
    [
      "a daemon in a session of its own",
      "setsid bash -c 'echo $$ > $PIDS; exec sleep 1000' & until [[ -s $PIDS ]]; do :; done",
    ],
    [
      "a child of the step's session that removed the variable",
      "env -u RUNNER_TRACKING_ID sleep 1000 & echo $! > $PIDS",
    ],
    [
      "a grandchild that removed the variable and began a session, while its parent is there",
      "(setsid env -i /bin/bash -c 'echo $$ > '$PIDS'; exec sleep 1000' & sleep 1000) & until [[ -s $PIDS ]]; do :; done",
    ],
    ["a whole tree", "(sleep 1000 & sleep 1000 & wait) & echo $! > $PIDS"],
  ])("%s is killed", async (_, script) => {
    const [pid = 0] = await step(script);
    expect(isAlive(pid)).toBe(true);
    const killed = await tracker.killLeftovers();
    expect(killed.map((leftover) => leftover.pid)).toContain(pid);
    expect(isAlive(pid)).toBe(false);
    expect(await tracker.killLeftovers()).toEqual([]);
  });

  test("it says which processes it killed", async () => {
    const [pid = 0] = await step("sleep 1000 & echo $! > $PIDS");
    expect(await tracker.killLeftovers()).toEqual([{ pid, name: expect.stringMatching(/^(bash|sleep)$/) }]);
  });

  test("what forks faster than it is found is killed too", async () => {
    const [pid = 0] = await step("(while :; do sleep 1000 & sleep 0.001; done) & echo $! > $PIDS");
    await tracker.killLeftovers();
    expect(isAlive(pid)).toBe(false);
    expect(await tracker.killLeftovers()).toEqual([]);
  });

  test("a job that ran long looks at all processes again, as ids may have been reused", async () => {
    let time = 0;
    tracker = createProcessTracker(tracker.env.RUNNER_TRACKING_ID, { ...systemClock, monotonic: () => time });
    const [pid = 0] = await step("sleep 1000 & echo $! > $PIDS");
    time = 6_000;
    tracker = createProcessTracker(tracker.env.RUNNER_TRACKING_ID, { ...systemClock, monotonic: () => time });
    expect(await tracker.killLeftovers()).toEqual([]);
    time = 12_000;
    expect(await tracker.killLeftovers()).toEqual([{ pid, name: expect.stringMatching(/^(bash|sleep)$/) }]);
  });
});

describe("strangers live on", () => {
  test("a process of another job", async () => {
    const other = createProcessTracker(`github_${randomUUID()}`);
    const [pid = 0] = await step("sleep 1000 & echo $! > $PIDS", other.env);
    await createProcessTracker(`github_${randomUUID()}`).killLeftovers();
    expect(isAlive(pid)).toBe(true);
  });

  test("a process of another job that was started in our session", async () => {
    const [pid = 0] = await step(
      "RUNNER_TRACKING_ID=github_another bash -c 'echo $$ > $PIDS; exec sleep 1000' & until [[ -s $PIDS ]]; do :; done",
    );
    expect(await tracker.killLeftovers()).toEqual([]);
    expect(isAlive(pid)).toBe(true);
  });

  test("a session whose id was once the id of a step of ours", async () => {
    const [pid = 0] = await step(
      "setsid env -i /bin/bash -c 'echo $$ > '$PIDS'; exec sleep 1000' & until [[ -s $PIDS ]]; do :; done",
    );
    tracker.started(pid);
    tracker.ended(pid);
    expect(await tracker.killLeftovers()).toEqual([]);
    expect(isAlive(pid)).toBe(true);
  });
});

test("a caller that started nothing itself can kill by the tracking id alone", async () => {
  const [pid = 0] = await step(
    "setsid bash -c 'echo $$ > $PIDS; exec sleep 1000' & until [[ -s $PIDS ]]; do :; done",
  );
  await killLeftovers(tracker.env.RUNNER_TRACKING_ID);
  expect(isAlive(pid)).toBe(false);
});

function isAlive(pid: number): boolean {
  return processEntry(pid) !== undefined;
}
