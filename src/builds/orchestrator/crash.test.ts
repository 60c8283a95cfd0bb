import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../clock.ts";
import type { Executor } from "../../executors/executor.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import type { LogRow } from "../../store/log-store.ts";
import type { Store } from "../../store/store.ts";
import { type Cut, failingStore, MortalProcess } from "./mortal-process.fixture.ts";
import { type BuildResult, TestServer } from "./orchestrator.fixture.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

const PIPELINE = `
name: CI
run-name: Run of \${{ github.ref }}
on: push
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: { legs: "\${{ steps.s.outputs.legs }}" }
    steps:
      - { id: s, run: "one\\npause 60\\ntwo\\nlegs=[1,2]" }
      - { run: "three\\npause 60\\nannotate careful\\nsummary # Done" }
  leg:
    needs: plan
    runs-on: ubuntu-latest
    strategy: { matrix: { n: "\${{ fromJSON(needs.plan.outputs.legs) }}" } }
    steps: [{ run: "leg \${{ matrix.n }}" }]
  call:
    needs: plan
    uses: ./.github/workflows/called.yml
  group:
    runs-on: ubuntu-latest
    concurrency: deploy
    steps: [{ run: "alone" }]
  last:
    if: always()
    needs: [leg, call, group]
    runs-on: ubuntu-latest
    steps: [{ run: "last\\npause 60\\nexit 1" }]
`;
const workflows = {
  "./.github/workflows/called.yml":
    "{ on: workflow_call, jobs: { inner: { runs-on: ubuntu-latest, steps: [{ run: inside }] } } }",
};

const LOGS: { readonly [job: string]: readonly string[] } = {
  plan: ["one\ntwo\n", "three\n"],
  "leg[0]": ["leg 1\n"],
  "leg[1]": ["leg 2\n"],
  "call/inner": ["inside\n"],
  group: ["alone\n"],
  last: ["last\n"],
};

async function expectRight(result: BuildResult): Promise<void> {
  expect(result.status).toBe("failed");
  expect(result.build.title).toBe("Run of refs/heads/main");
  expect(result.states).toEqual({
    plan: "succeeded",
    leg: "succeeded",
    "leg[0]": "succeeded",
    "leg[1]": "succeeded",
    call: "succeeded",
    "call/inner": "succeeded",
    group: "succeeded",
    last: "failed",
  });
  for (const [key, logs] of Object.entries(LOGS)) {
    const attempts = result.jobs.filter((job) => job.key === key);
    expect(attempts.filter(({ latest }) => latest)).toHaveLength(1);
    expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, index) => index + 1));
    for (const lost of attempts.filter(({ latest }) => !latest)) {
      expect(lost).toMatchObject({ status: "failed", infrastructureFailure: true });
    }
    for (const [index, text] of logs.entries()) {
      expect(await server.logOf(result.job(key), index + 1)).toBe(text);
    }
  }
  for (const step of result.steps) {
    expect(["succeeded", "failed", "skipped"]).toContain(step.status);
  }
  const ofPlan = result.job("plan").id;
  const annotations = await server.store.builds.annotations(result.build.id);
  expect(annotations.filter(({ jobId }) => jobId === ofPlan).map(({ message }) => message)).toEqual([
    "careful",
  ]);
}

/** Runs a build in a process that dies with its nth call, and then to its end in another. Gives how many calls there were. */
async function runTwice(
  diesAt: number,
  cut: Cut,
  outlives: boolean,
): Promise<{ readonly calls: number; readonly lost: number }> {
  const first = new MortalProcess(server.store, diesAt, cut);
  const shared = outlives ? new FakeExecutor({ outlives, now: () => Date.now() }) : undefined;
  const { id } = await server.create(PIPELINE);
  const claim = await server.claim(id);
  const run = startClaimedBuild(
    claim,
    server.parts({
      store: first.store,
      clock: first.clock,
      logs: server.logSink(first.store, first.clock),
      executor: shared ?? new FakeExecutor({ now: () => Date.now() }),
      workflows,
    }),
  );
  const ended = await Promise.race([run.ended, first.died.promise]);
  if (ended === undefined) {
    await server.store.builds.release([claim.lease]);
    if (!["succeeded", "failed"].includes((await server.store.builds.get(id)).status)) {
      const again = await server.claim(id, "w2");
      expect(again.resumed).toBe(true);
      const executor = shared ?? new FakeExecutor({ now: () => Date.now() });
      const second = server.follow(startClaimedBuild(again, server.parts({ executor, workflows })));
      expect(await second.ended).toBe("finished");
    }
  }
  const result = await server.result(id);
  await expectRight(result);
  return { calls: first.calls, lost: result.jobs.filter(({ latest }) => !latest).length };
}

describe.each([
  ["whose jobs die with it", false],
  ["whose jobs go on without it", true],
] as const)("a worker %s", (_which, outlives) => {
  test.each(["before", "after"] as const)("may be killed %s any change of the records", async (cut) => {
    const { calls } = await runTwice(0, cut, outlives);
    let lost = 0;
    for (let diesAt = 1; diesAt <= calls; diesAt++) {
      const run = await runTwice(diesAt, cut, outlives).catch((error: unknown) => {
        throw new Error(`killed ${cut} call ${diesAt} of ${calls}`, { cause: error });
      });
      lost += run.lost;
    }
    if (outlives) expect(lost).toBe(0);
    else expect(lost).toBeGreaterThan(0);
  });
});

/** Prints the same, byte by byte. */
function inSmallPieces(executor: Executor): Executor {
  return {
    name: executor.name,
    refuses: (needs) => executor.refuses(needs),
    attach: (ref, afterSeq, sink) => executor.attach(ref, afterSeq, sink),
    async start(request, sink) {
      let seq = 0;
      return await executor.start(request, async (frame) => {
        if (frame.type !== "log") return await sink({ ...frame, seq: ++seq });
        for (const byte of frame.data) await sink({ ...frame, seq: ++seq, data: Uint8Array.of(byte) });
      });
    },
  };
}

test("what a worker printed of a job whose start it could not record any more is no part of the job's log", async () => {
  const { id } = await server.create(PIPELINE);
  const claim = await server.claim(id);
  const never = () => new Promise<never>(() => {});
  let changes = 0;
  const advance: Store["builds"]["advance"] = async (...args) => {
    changes += 1;
    // That the build began. What follows from it is done, and what is printed has a way of its own into the records.
    return changes === 1 ? await server.store.builds.advance(...args) : await never();
  };
  const printed: LogRow[] = [];
  const append: Store["logs"]["append"] = async (rows) => {
    if (printed.length > 0) return await never();
    printed.push(...rows);
    await server.store.logs.append(rows);
  };
  const store = {
    ...server.store,
    builds: { ...server.store.builds, advance },
    logs: { ...server.store.logs, append },
  };
  const executor = inSmallPieces(new FakeExecutor({ now: () => Date.now() }));
  const parts = server.parts({ store, logs: server.logSink(store, systemClock), executor, workflows });
  const first = startClaimedBuild(claim, parts);
  await vi.waitFor(() => expect(printed).not.toEqual([]), 10_000);

  await server.store.builds.release([claim.lease]);
  const second = server.follow(startClaimedBuild(await server.claim(id, "w2"), server.parts({ workflows })));
  expect(await second.ended).toBe("finished");
  await expectRight(await server.result(id));
  void first.abandon();
});

test.each(["before", "after"] as const)(
  "records that are away for a while, %s any call, lose and double nothing",
  async (cut) => {
    for (let from = 1; from <= 40; from += 3) {
      const store = failingStore(server.store, from, 2, cut);
      const { id } = await server.create(PIPELINE);
      const run = startClaimedBuild(await server.claim(id), server.parts({ store, workflows }));
      expect(await run.ended).toBe("finished");
      await expectRight(await server.result(id));
    }
  },
);
