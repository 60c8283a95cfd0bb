import { describe, expect, test } from "vitest";
import { ConcurrencyGroups } from "./concurrency-groups.ts";
import type { ConcurrencySetting } from "./concurrency-setting.ts";
import { resultsOf, startFakeBuild } from "./testing/fake-build.ts";

/** Requests by name; `log` is what became of them, in order. */
function group() {
  const groups = new ConcurrencyGroups();
  const log: string[] = [];
  const request = (
    holder: string,
    setting: Partial<ConcurrencySetting> = {},
    within: readonly string[] = [],
  ) =>
    groups.request({
      setting: { group: "g", cancelInProgress: false, queue: "single", ...setting },
      holder,
      within,
      onGranted: () => log.push(`${holder} runs`),
      onCancelled: (reason) =>
        log.push(`${holder} cancelled${reason.includes("deadlock") ? ": deadlock" : ""}`),
    });
  return { log, request };
}

describe("a concurrency group", () => {
  test("lets one run at a time, the next when it is released", () => {
    const { log, request } = group();
    const a = request("a");
    const b = request("b");
    expect(log).toEqual(["a runs"]);
    a.release();
    a.release();
    b.release();
    request("c");
    expect(log).toEqual(["a runs", "b runs", "c runs"]);
  });

  test("lets a newer one take the place of an older one that waits", () => {
    const { log, request } = group();
    const a = request("a");
    request("b");
    request("c");
    a.release();
    expect(log).toEqual(["a runs", "b cancelled", "c runs"]);
  });

  test("tells the one that runs to end with cancel-in-progress, but waits for it", () => {
    const { log, request } = group();
    const a = request("a");
    request("b", { cancelInProgress: true });
    request("c", { cancelInProgress: true });
    expect(log).toEqual(["a runs", "a cancelled", "b cancelled"]);
    a.release();
    expect(log).toEqual(["a runs", "a cancelled", "b cancelled", "c runs"]);
  });

  test("queues up to 100 in order with queue: max", () => {
    const { log, request } = group();
    let running = request("0", { queue: "max" });
    const places = Array.from({ length: 101 }, (_, index) => request(String(index + 1), { queue: "max" }));
    expect(log).toEqual(["0 runs", "101 cancelled"]);
    for (const place of places.slice(0, 100)) {
      running.release();
      running = place;
    }
    expect(log.slice(2)).toEqual(Array.from({ length: 100 }, (_, index) => `${index + 1} runs`));
  });

  test("is told apart from others without regard to case", () => {
    const { log, request } = group();
    request("a", { group: "Deploy" });
    request("b", { group: "deploy" });
    request("c", { group: "other" });
    expect(log).toEqual(["a runs", "c runs"]);
  });

  test("forgets one that gives up waiting", () => {
    const { log, request } = group();
    const a = request("a");
    request("b", { queue: "max" }).release();
    request("c", { queue: "max" });
    a.release();
    expect(log).toEqual(["a runs", "c runs"]);
  });

  test("refuses to wait for what it runs within", () => {
    const { log, request } = group();
    request("outer");
    request("inner", {}, ["outer"]);
    expect(log).toEqual(["outer runs", "inner cancelled: deadlock"]);
  });
});

describe("concurrency of builds and jobs", () => {
  const started = (job: string) => (event: { type: string; job?: string }) =>
    event.type === "step.started" && event.job === job;

  test("a job waits for another of its group, and says so", async () => {
    const build = startFakeBuild(`
      jobs:
        a: { concurrency: one, run: "hold a" }
        b: { concurrency: { group: ONE, queue: max }, run: exit 0 }`);
    const waiting = await build.seen((event) => event.type === "job.waiting");
    expect(waiting).toMatchObject({ job: "b", reason: expect.stringContaining("'ONE'") });
    await build.seen(started("a"));
    build.executor.open("a");
    await build.end;
    expect(resultsOf(build.events)).toEqual({ a: "success", b: "success" });
    expect(build.executor.peak).toBe(1);
  });

  test("legs see their matrix; the newest of those that wait wins", async () => {
    const build = startFakeBuild(`
      jobs:
        m: { strategy: { matrix: { n: [1, 2, 3], g: [x] } }, concurrency: "g-\${{ matrix.g }}", run: "hold a" }`);
    await build.seen(started("m[0]"));
    build.executor.open("a");
    expect((await build.end).result).toBe("cancelled");
    expect(resultsOf(build.events)).toEqual({
      m: "cancelled",
      "m (1, x)": "success",
      "m (2, x)": "cancelled",
      "m (3, x)": "success",
    });
  });

  test("a newer build cancels an older one of its group, also jobs of its called workflows", async () => {
    const concurrency = new ConcurrencyGroups();
    const yaml = `
      concurrency: { group: "\${{ github.ref }}", cancel-in-progress: true }
      jobs: { call: { uses: ./c.yml } }`;
    const workflows = { "./c.yml": "{ on: workflow_call, jobs: { a: { run: hold a } } }" };
    const older = startFakeBuild(yaml, { concurrency, workflows, buildId: "older" });
    await older.seen(started("call/a"));
    const newer = startFakeBuild(yaml, { concurrency, workflows, buildId: "newer" });
    expect((await older.end).result).toBe("cancelled");
    await newer.seen(started("call/a"));
    newer.executor.open("a");
    expect((await newer.end).result).toBe("success");
    expect(newer.events.map(({ type }) => type)).toContain("build.waiting");
  });

  test("a build that is replaced while it waits runs nothing, not even what is always to run", async () => {
    const concurrency = new ConcurrencyGroups();
    const start = (buildId: string) =>
      startFakeBuild("{ concurrency: c, jobs: { a: { if: always(), run: hold a } } }", {
        concurrency,
        buildId,
      });
    const first = start("first");
    await first.seen(started("a"));
    const second = start("second");
    const third = start("third");
    expect(await second.end).toMatchObject({
      result: "cancelled",
      jobs: [{ key: "a", result: "cancelled" }],
    });
    first.executor.open("a");
    third.executor.open("a");
    expect((await first.end).result).toBe("success");
    expect((await third.end).result).toBe("success");
  });

  test("a called workflow in the group of its caller is a deadlock, and cancelled", async () => {
    const build = startFakeBuild("{ concurrency: same, jobs: { call: { uses: ./c.yml } } }", {
      workflows: { "./c.yml": "{ on: workflow_call, concurrency: SAME, jobs: { a: {} } }" },
    });
    await build.end;
    expect(resultsOf(build.events)).toEqual({ call: "cancelled", "call / a": "cancelled" });
  });

  test.each([
    ["an empty group", "\"${{ '' }}\"", "cannot be empty"],
    ["a group that is too long", "x".repeat(401), "less than 400"],
    ["an unknown queue", "{ group: g, queue: min }", "expected single or max"],
    [
      "queue: max with cancel-in-progress",
      "{ group: g, queue: max, cancel-in-progress: true }",
      "cannot be combined",
    ],
    [
      "cancel-in-progress that is no boolean",
      "{ group: g, cancel-in-progress: 'yes' }",
      "expected a boolean",
    ],
  ])("%s is an error", async (_what, setting, message) => {
    const job = startFakeBuild(`{ jobs: { a: { concurrency: ${setting} } } }`);
    await job.end;
    expect(job.events.find((event) => event.type === "job.finished")).toMatchObject({
      error: expect.stringContaining(message),
    });
    const whole = startFakeBuild(`{ concurrency: ${setting}, jobs: { a: {} } }`);
    expect(await whole.end).toMatchObject({
      result: "failure",
      error: expect.stringContaining(message),
      jobs: [],
    });
  });
});
