import { expect, test } from "vitest";
import type { Frame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { FakeExecutor } from "./fake-executor.ts";

const REQUEST: JobRequest = {
  protocolVersion: 1,
  buildId: "b",
  jobKey: "a",
  jobId: "a",
  displayName: "a",
  attempt: 1,
  contexts: { github: {}, vars: {}, needs: {}, strategy: {}, matrix: null, inputs: {}, secrets: {} },
  env: [],
  defaults: [],
  steps: [],
  cancelTimeoutMs: 0,
  masks: [],
  baseEnv: {},
  directories: { workspace: "/w", temp: "/t", toolCache: "/c", actionCache: "/a" },
  runner: { name: "fake", os: "Linux", arch: "X64", environment: "self-hosted", nodePath: "node" },
  actions: { url: "", local: {}, offline: true },
  checkout: {
    builtin: true,
    repository: "o/r",
    serverUrl: "",
    source: { kind: "worktree", path: "/r" },
    bound: false,
  },
  debug: false,
};

function scripted(...scripts: string[]): JobRequest {
  const at = { line: 1, column: 1 };
  return { ...REQUEST, steps: scripts.map((run) => ({ kind: "run", run, at, background: false })) };
}

async function frames(executor: FakeExecutor, request: JobRequest) {
  const seen: Frame[] = [];
  const job = await executor.start(request, (frame) => {
    seen.push(frame);
  });
  return { seen, end: await job.ended };
}

test("a fake job ends as its script says, with numbered frames", async () => {
  const { seen, end } = await frames(new FakeExecutor(), scripted("hello\nexit 1", "never"));
  expect(seen.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
    "1 job.started",
    "2 step.added",
    "3 step.started",
    "4 log",
    "5 step.finished",
    "6 job.finished",
  ]);
  expect(end).toMatchObject({ kind: "reported", final: { result: "failure" } });
});

test.each([
  ["cancelled", "hold gate", "cancel", { kind: "reported", final: { result: "cancelled" } }],
  ["killed", "stubborn\nhold gate", "kill", { kind: "lost" }],
] as const)("a fake job that holds can be %s", async (_how, script, stop, end) => {
  const executor = new FakeExecutor();
  const job = await executor.start(scripted(script), () => {});
  expect(executor.running).toEqual(["a"]);
  if (stop === "cancel") job.cancel("enough");
  else job.kill();
  expect(await job.ended).toMatchObject(end);
  expect(executor.running).toEqual([]);
});

test("jobs of a fake executor may outlive whoever started them, and be followed from any frame", async () => {
  const executor = new FakeExecutor({ outlives: true });
  const first = await executor.start(scripted("one\nhold gate\ntwo"), () => {});
  const seen: number[] = [];
  const again = await executor.attach(first.ref, 3, ({ seq }) => {
    seen.push(seq);
  });
  executor.open("gate");
  expect(await again?.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
  expect(seen).toEqual([4, 5, 6, 7]);
  expect(await executor.attach("another", 0, () => {})).toBeUndefined();
  executor.forget();
  expect(await executor.attach(first.ref, 0, () => {})).toBeUndefined();
});

test("a fake executor can refuse containers, have no place, and lose one", async () => {
  const executor = new FakeExecutor({ refusal: "no containers" });
  expect(executor.refuses({ labels: [], container: true, services: false })).toBe("no containers");
  expect(executor.refuses({ labels: [], container: false, services: false })).toBeUndefined();
  await expect(executor.start(scripted("no place"), () => {})).rejects.toMatchObject({ code: "Transient" });
  expect((await frames(executor, scripted("lose 1"))).end).toMatchObject({ kind: "lost" });
  expect((await frames(executor, { ...scripted("lose 1"), attempt: 2 })).end).toMatchObject({
    kind: "reported",
  });
});

test("a sink that throws loses a job of a fake executor, and ends it", async () => {
  for (const outlives of [false, true]) {
    const executor = new FakeExecutor({ outlives });
    const job = await executor.start(scripted("one\nhold gate"), () => {
      throw new Error("full disk");
    });
    expect(await job.ended).toMatchObject({
      kind: "lost",
      error: { message: expect.stringMatching(/full disk/) },
    });
    expect(executor.running).toEqual([]);
  }
});

test("jobs of one installation are found, swept and lost to all of its fake executors", async () => {
  const first = new FakeExecutor({ outlives: true });
  const second = new FakeExecutor({ outlives: true, installation: first.installation });
  const job = await first.start(scripted("hold gate"), () => {});
  const other = await first.start({ ...scripted("hold gate"), jobKey: "c" }, () => {});
  expect(await second.attach(job.ref, 0, () => {})).toMatchObject({ ref: job.ref });
  expect(await second.sweep(async ({ jobKey }) => jobKey === "c")).toBe(1);
  expect(await job.ended).toMatchObject({ kind: "lost" });
  expect(await second.attach(job.ref, 0, () => {})).toBeUndefined();
  await first.installation.jobs.get(other.ref)?.vanish();
  expect(await other.ended).toMatchObject({
    kind: "lost",
    error: { retryable: true, message: expect.stringMatching(/vanished/) },
  });
});

test("an end that was told is told again to the next, until it is released", async () => {
  const executor = new FakeExecutor({ outlives: true });
  const job = await executor.start(scripted("one"), () => {});
  await job.ended;
  const again = await executor.attach(job.ref, 0, () => {});
  expect((await again?.ended)?.kind).toBe("reported");
  await again?.release?.();
  expect(await executor.attach(job.ref, 0, () => {})).toBeUndefined();
});

test("a closed fake executor hears no more of its jobs, which go on", async () => {
  const first = new FakeExecutor({ outlives: true });
  const heard: string[] = [];
  const job = await first.start(scripted("one\nhold gate\ntwo"), ({ type }) => void heard.push(type));
  await first.close();
  first.open("gate");
  const second = new FakeExecutor({ outlives: true, installation: first.installation });
  const seen: Frame[] = [];
  const again = await second.attach(job.ref, 0, (frame) => void seen.push(frame));
  expect(await again?.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
  expect(seen.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(heard).not.toContain("job.finished");
});
