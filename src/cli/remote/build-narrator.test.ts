import { expect, it } from "vitest";
import type { BuildEvent } from "../../builds/build-event.ts";
import { BuildNarrator } from "./build-narrator.ts";
import type { RemoteBuildDetail, RemoteJob, RemoteStep } from "./remote-build.ts";

const AT = "2026-01-02T03:04:05.000Z";
const step = (change: Partial<RemoteStep>): RemoteStep => ({
  id: "s1",
  number: 1,
  name: "Say",
  stage: "main",
  type: "run",
  background: false,
  status: "pending",
  log: { url: "/log", sizeBytes: 0 },
  ...change,
});
const job = (change: Partial<RemoteJob>): RemoteJob => ({
  id: "j1",
  key: "a",
  jobId: "a",
  name: "a",
  kind: "job",
  needs: [],
  attempt: 1,
  latest: true,
  status: "queued",
  outputs: {},
  logUrl: "/job",
  steps: [],
  ...change,
});
const build = (change: Partial<RemoteBuildDetail>): RemoteBuildDetail => ({
  id: "b1",
  projectId: "p",
  number: 1,
  attempt: 1,
  status: "running",
  trigger: "api",
  event: "workflow_dispatch",
  ref: "refs/heads/main",
  sha: "a".repeat(40),
  workflow: "CI",
  title: "",
  actor: "ada",
  createdAt: AT,
  startedAt: AT,
  jobs: [],
  approvals: [],
  annotations: [],
  warnings: [],
  ...change,
});

function narrator() {
  const told: BuildEvent[] = [];
  const logs = new Map<string, PromiseWithResolvers<void>>();
  const made = new BuildNarrator({
    sink: (event) => void told.push(event),
    now: () => 7,
    async readLog({ id }, write) {
      const end = Promise.withResolvers<void>();
      logs.set(id, end);
      await write(Buffer.from(`log of ${id}`));
      await end.promise;
    },
  });
  const types = () => told.map(({ type }) => type);
  return { made, told, types, endLog: (id: string) => logs.get(id)?.resolve() };
}

it("tells a build from pictures of it, each thing once, a step's end after its log", async () => {
  const { made, told, types, endLog } = narrator();
  await made.tell(build({ status: "queued", startedAt: undefined as never, jobs: [] }));
  await made.tell(build({ jobs: [job({ reason: "waits for a slot" })] }));
  const running = [step({ status: "running", startedAt: AT })];
  for (let count = 0; count < 2; count += 1)
    await made.tell(build({ jobs: [job({ status: "running", startedAt: AT, steps: running })] }));
  const ended = [
    step({ status: "succeeded", startedAt: AT, conclusion: "success", exitCode: 0, summary: "# Good" }),
  ];
  const last = build({
    status: "succeeded",
    durationMs: 9,
    warnings: ["mind"],
    jobs: [job({ status: "succeeded", startedAt: AT, result: "success", outputs: { o: "1" }, steps: ended })],
    annotations: [{ id: "n1", jobId: "j1", step: 1, level: "notice", message: "look" }],
  });
  const finished = made.finish(last);
  await Promise.resolve();
  expect(types()).not.toContain("step.finished");
  endLog("s1");
  await finished;
  expect(types()).toEqual([
    "build.started",
    "job.added",
    "job.waiting",
    "job.started",
    "step.added",
    "step.started",
    "log",
    "warning",
    "annotation",
    "summary",
    "step.finished",
    "job.finished",
    "build.finished",
  ]);
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, index) => index + 1));
  expect(told.at(-1)).toMatchObject({ buildId: "b1", at: 7, result: "success", durationMs: 9 });
  expect(told.find(({ type }) => type === "job.finished")).toMatchObject({ outputs: { o: "1" } });
});

it("tells of a job that an earlier attempt ran only how it ended", async () => {
  const { made, types } = narrator();
  const steps = [step({ status: "succeeded", startedAt: AT })];
  const carried = job({ status: "succeeded", startedAt: AT, result: "success", carriedFrom: "j0", steps });
  await made.finish(build({ status: "succeeded", jobs: [carried] }));
  expect(types()).toEqual(["build.started", "job.added", "job.finished", "build.finished"]);
});

it("tells a job once though a lost worker's attempt is among the jobs", async () => {
  const { made, told, endLog } = narrator();
  const steps = [step({ status: "running", startedAt: AT })];
  await made.tell(build({ jobs: [job({ status: "running", startedAt: AT, steps })] }));
  endLog("s1");
  const lost = job({ status: "failed", latest: false, steps: [step({ status: "failed" })] });
  const again = job({ id: "j2", attempt: 2, status: "succeeded", startedAt: AT, result: "success" });
  await made.finish(build({ status: "succeeded", jobs: [lost, again] }));
  expect(told.filter(({ type }) => type === "job.added")).toHaveLength(1);
  expect(told.filter(({ type }) => type === "job.started")).toMatchObject([{ attempt: 1 }, { attempt: 2 }]);
  expect(told.filter(({ type }) => type === "job.finished")).toMatchObject([{ result: "success" }]);
});

it("tells a job's steps one after the other, though all had begun when it first looked", async () => {
  const { told, finished } = await toldBackwards([step({}), step({ id: "s2", number: 2 })]);
  expect(told()).toEqual(["step.started 1", "log 1"]);
  await finished();
  expect(told()).toEqual(
    [1, 2].flatMap((number) => [`step.started ${number}`, `log ${number}`, `step.finished ${number}`]),
  );
});

it.each([
  ["for one in the background", [step({ background: true }), step({ id: "s2", number: 2 })]],
  ["for the one that it is a part of", [step({}), step({ id: "s2", number: 2, parent: 1 })]],
])("holds no step back %s", async (_what, steps) => {
  const { told, finished } = await toldBackwards(steps);
  expect(told()).toContain("log 2");
  await finished();
});

/** What is told of steps before the log of the first has come to its end, and when `finished`. */
async function toldBackwards(steps: readonly RemoteStep[]) {
  const { made, told, endLog } = narrator();
  const ended = steps.map((each) => ({ ...each, status: "succeeded", startedAt: AT }) as const);
  const telling = made.finish(
    build({ status: "succeeded", jobs: [job({ status: "succeeded", startedAt: AT, steps: ended })] }),
  );
  await new Promise(setImmediate);
  return {
    told: () =>
      told
        .filter(({ type }) => type === "step.started" || type === "log" || type === "step.finished")
        .map((event) => `${event.type} ${"step" in event ? event.step : ""}`),
    finished: async () => {
      endLog("s1");
      await new Promise(setImmediate);
      endLog("s2");
      await telling;
    },
  };
}
