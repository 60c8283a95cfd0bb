import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../clock.ts";
import type { PlatformEventOf } from "../../events/platform-event.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import { isLegalMove, type Status } from "../../status.ts";
import type { BuildChange } from "../../store/build-change.ts";
import type { Store } from "../../store/store.ts";
import { TestServer } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";
import { jobYaml as job, pipelineYaml as pipeline } from "./yaml.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

/** However slow the machine is: what may wait for more waits for it. */
const unhurried: Clock = {
  ...systemClock,
  after: (ms, callback) => systemClock.after(ms < 100 ? 60_000 : ms, callback),
};

/** Notes what each advance changed. */
function recording(store: Store, seen: (readonly BuildChange[])[]): Store {
  const builds = new Proxy(store.builds, {
    get: (target, name) => {
      if (name !== "advance") {
        const found: unknown = Reflect.get(target, name);
        return typeof found === "function" ? found.bind(target) : found;
      }
      return async (...args: Parameters<Store["builds"]["advance"]>) => {
        seen.push(args[1]);
        return await target.advance(...args);
      };
    },
  });
  return { ...store, builds };
}

describe("a claimed build", () => {
  test("of one job with one step runs to its end with two changes of the records", async () => {
    const advances: (readonly BuildChange[])[] = [];
    const store = recording(server.store, advances);
    const result = await server.run(pipeline({ a: job("hello\nexit 0") }), { store, clock: unhurried });
    expect(result.status).toBe("succeeded");
    expect(advances).toHaveLength(2);
    expect(result.jobs).toMatchObject([
      {
        key: "a",
        status: "succeeded",
        outcome: "success",
        executor: "fake",
        attempt: 1,
        latest: true,
        position: 1,
      },
    ]);
    expect(result.steps).toMatchObject([
      { number: 1, stepId: "s", type: "run", status: "succeeded", conclusion: "success" },
    ]);
    expect(await server.logOf(result.job("a"), 1)).toBe("hello\n");
  });

  test("moves its jobs and steps only by legal moves", async () => {
    const advances: (readonly BuildChange[])[] = [];
    const store = recording(server.store, advances);
    await server.run(
      pipeline({
        a: job("lose 1"),
        b: job("exit 1", "needs: a"),
        c: job("never", "needs: b"),
        d: job("always", "needs: b, if: always(), strategy: { matrix: { n: [1, 2] } }"),
      }),
      { store },
    );
    const states = new Map<string, Status>();
    for (const change of advances.flat()) {
      if (change.kind === "job-added") states.set(change.job.id, change.job.status ?? "pending");
      if (change.kind === "step-added") states.set(change.step.id, "pending");
      if ((change.kind !== "job-changed" && change.kind !== "step-changed") || change.to === undefined)
        continue;
      const id = change.kind === "job-changed" ? change.job : change.step;
      expect(isLegalMove(states.get(id) ?? "pending", change.to)).toBe(true);
      states.set(id, change.to);
    }
    expect(states.size).toBeGreaterThan(8);
  });

  test("has its title, its workflow's name and the warnings of its file in the records", async () => {
    const head =
      "name: CI\nrun-name: Deploy ${{ inputs.to }} (${{ inputs.n }})\non: { workflow_dispatch: { inputs: { to: {}, n: { type: number, default: 3 } } } }";
    const { build } = await server.run(pipeline({ a: job("x") }, head), {
      build: { event: "workflow_dispatch", inputs: { to: "prod" } },
    });
    expect(build).toMatchObject({ title: "Deploy prod (3)", workflow: "CI", status: "succeeded" });
    expect(await server.store.builds.warnings(build.id)).toEqual([]);
    const broken = await server.run(pipeline({ a: job("x") }, "run-name: ${{ fromJSON('{') }}\non: push"));
    expect(broken.status).toBe("succeeded");
    const warnings = await server.store.builds.warnings(broken.build.id);
    expect(warnings.join("\n")).toContain("run-name");
  });

  test("gives jobs typed inputs, variables and the outputs of those they need", async () => {
    const executor = new FakeExecutor();
    const head = "on: { workflow_dispatch: { inputs: { fast: { type: boolean } } } }";
    const a = job("v=${{ vars.V }}", 'outputs: { v: "${{ steps.s.outputs.v }}" }');
    await server.run(pipeline({ a, b: job("x", "needs: a, if: inputs.fast == true") }, head), {
      executor,
      build: { event: "workflow_dispatch", inputs: { fast: true }, vars: { V: "7" } },
    });
    expect(executor.requests.map(({ contexts }) => [contexts.inputs, contexts.needs])).toEqual([
      [{ fast: true }, {}],
      [{ fast: true }, { a: { result: "success", outputs: { v: "7" } } }],
    ]);
    expect(executor.requests[0]?.contexts.github).toMatchObject({ event: { inputs: { fast: "true" } } });
  });

  test.each([
    [
      "a file that no longer parses",
      "on: push\njobs:\n  a: { runs-on: x, steps: 3 }\n  b: { uses: 4 }\n",
      {},
      ["ci.yml:3", "ci.yml:4"],
    ],
    [
      "inputs that are wrong",
      pipeline({ a: job("x") }, "on: { workflow_dispatch: { inputs: { n: { type: number } } } }"),
      { event: "workflow_dispatch", inputs: { n: "many", m: "1" } },
      ["'n'", "'m'"],
    ],
    ["a job that is not there", pipeline({ a: job("x") }), { onlyJobs: ["b"] }, ["no job 'b'"]],
    [
      "a concurrency group without a name",
      pipeline({ a: job("x") }, "concurrency: ''\non: push"),
      {},
      ["oncurrency"],
    ],
  ])("with %s fails, with every mistake", async (_what, content, build, mistakes) => {
    const result = await server.run(content, { build });
    expect(result.build).toMatchObject({ status: "failed", errorCode: "InvalidSpec" });
    for (const mistake of mistakes) expect(result.build.error).toContain(mistake);
  });

  test("whose secrets cannot be opened fails with that error", async () => {
    const result = await server.run(pipeline({ a: job("x") }), {
      secretsOf: async () => {
        throw new Error("the master key is gone");
      },
    });
    expect(result.build).toMatchObject({ status: "failed", error: "Error: the master key is gone" });
  });

  test("runs only the jobs it is asked for, and what they need", async () => {
    const jobs = { a: job("x"), b: job("x", "needs: a"), c: job("x") };
    const result = await server.run(pipeline(jobs), { build: { onlyJobs: ["b"] } });
    expect(result.states).toEqual({ a: "succeeded", b: "succeeded" });
  });

  test("answers carried jobs at once, with their recorded ends, also those with a group", async () => {
    const executor = new FakeExecutor();
    const before = await server.run(
      pipeline({ a: job("v=1", 'outputs: { v: "${{ steps.s.outputs.v }}" }'), b: job("exit 1", "needs: a") }),
    );
    const carried = [
      { key: "a", jobId: before.job("a").id, outcome: "success", outputs: { v: "1" } } as const,
    ];
    const content = pipeline({
      a: job("never", "concurrency: g"),
      b: job("x", 'needs: a, if: "needs.a.outputs.v == 1"'),
    });
    const result = await server.run(content, { executor, build: { rerunOf: before.build.id, carried } });
    expect(result.build).toMatchObject({ status: "succeeded", attempt: 2, number: before.build.number });
    expect(result.job("a")).toMatchObject({
      status: "succeeded",
      carriedFrom: before.job("a").id,
      outputs: { v: "1" },
    });
    expect(executor.requests.map(({ jobKey }) => jobKey)).toEqual(["b"]);
  });

  test("tells of its changes by events, with growing versions, to the last", async () => {
    const result = await server.run(pipeline({ a: job("x") }), { clock: unhurried });
    const events = server.told.filter(
      (event): event is PlatformEventOf<"build.changed"> => event.type === "build.changed",
    );
    expect(events.map(({ status }) => status)).toEqual(["running", "succeeded"]);
    expect(events[0]?.changes.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "build running",
      "job queued",
    ]);
    expect(events[1]?.changes.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      "step succeeded",
      "job succeeded",
      "build succeeded",
    ]);
    const versions = events.map(({ version }) => version);
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
    expect(versions.at(-1)).toBe(result.build.version);
    expect(server.told.some(({ type }) => type === "slot.freed")).toBe(true);
  });

  test("refuses what no executor takes, and skips what only another machine could run", async () => {
    const result = await server.run(
      pipeline({
        a: job("x"),
        b: "{ runs-on: windows-latest, steps: [{ run: x }] }",
        c: "{ runs-on: mars, steps: [{ run: x }] }",
      }),
      {
        chooseExecutor: ({ labels: [label] }) =>
          label === "windows-latest"
            ? { skip: "not here" }
            : label === "mars"
              ? { fail: "nobody" }
              : server.executor,
      },
    );
    expect(result.states).toEqual({ a: "succeeded", b: "skipped", c: "failed" });
    expect(result.job("b").reason).toBe("not here");
    expect(result.job("c").error).toBe("nobody");
  });

  test("that another worker has taken is left at once: its jobs end, nothing more is written", async () => {
    const { id } = await server.create(pipeline({ a: job("one\nhold gate\ntwo") }));
    const run = server.follow(startClaimedBuild(await server.claim(id), server.parts()));
    await server.untilJob(id, "a", "running");
    await server.store.builds.releaseAll();
    const other = await server.claim(id, "w2");
    const version = (await server.store.builds.get(id)).version;
    server.events.publish({ type: "build.cancel", buildId: id, reason: "enough" });
    expect(await run.ended).toBe("abandoned");
    expect(server.executor.running).toEqual([]);
    run.cancel("again");
    expect((await server.store.builds.get(id)).version).toBe(version);
    const second = server.follow(startClaimedBuild(other, server.parts()));
    server.executor.open("gate");
    expect(await second.ended).toBe("finished");
    const { states, jobs } = await server.result(id);
    expect(states).toEqual({ a: "succeeded" });
    expect(
      jobs.map(({ attempt, status, infrastructureFailure }) => [attempt, status, infrastructureFailure]),
    ).toEqual([
      [1, "failed", true],
      [2, "succeeded", false],
    ]);
  });

  test("is abandoned by a worker that stops: what outlives it is let go and found again", async () => {
    const executor = new FakeExecutor({ outlives: true, now: () => Date.now() });
    const { id, run } = await server.start(pipeline({ a: job("one\nhold gate\ntwo") }), { executor });
    await server.untilJob(id, "a", "running");
    await run.abandon();
    await run.abandon();
    expect(await run.ended).toBe("abandoned");
    expect(executor.running).toEqual(["a"]);
    await server.store.builds.releaseAll();
    const again = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts({ executor })));
    executor.open("gate");
    expect(await again.ended).toBe("finished");
    const result = await server.result(id);
    expect(result.jobs).toMatchObject([{ attempt: 1, status: "succeeded" }]);
    expect(await server.logOf(result.job("a"), 1)).toBe("one\ntwo\n");
  });
});
