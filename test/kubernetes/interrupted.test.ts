// Whole installations that are interrupted: the cluster's API, the road from pods to the server, the server's own process.
// Whatever it is, a job goes on, ends as what it is, and loses or doubles no line.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFrame } from "../../src/protocol/encode-frame.ts";
import type { Frame, FrameBody } from "../../src/protocol/frame.ts";
import { FRAMES_PATH } from "../../src/protocol/push-protocol.ts";
import type { BuildAnswer, JobAnswer } from "../support/api-project.ts";
import type { RunningPod } from "../support/kube/kubelet/pod-script.ts";
import { waitFor } from "../support/server.ts";
import { KubeStage } from "./kube-stage.fixture.ts";
import { PlayedRunner } from "./played-runner.fixture.ts";

const JOBS = [
  "apart",
  "road",
  "killed",
  "pending",
  "pulling",
  "running",
  "post",
  "hand",
  "other",
  "twice",
  "late",
];
const RUNS_ON: Readonly<Record<string, string>> = { pending: "nowhere", late: "late" };
const ARCH = process.arch === "arm64" ? "arm64" : "amd64";
const FILES = Object.fromEntries(
  JOBS.map((key) => [
    `.github/workflows/${key}.yml`,
    `on: workflow_dispatch\njobs:\n  ${key}:\n    runs-on: ${RUNS_ON[key] ?? "ubuntu-latest"}\n    steps: [{ run: echo played }]\n`,
  ]),
);
const CLASSES = `  - { name: linux, labels: [ubuntu-latest] }
  - { name: nowhere, labels: [nowhere], template: { spec: { nodeSelector: { nobody: has-it } } } }
  - { name: late, labels: [late], template: { spec: { nodeSelector: { pool: late } } } }
`;
const LINES = 200;

let stage: KubeStage;
const doubled: string[] = [];
/** What the pod of a job does, by its key. */
const plays = new Map<string, (runner: PlayedRunner, pod: RunningPod) => Promise<{ exitCode: number }>>();
beforeAll(async () => {
  stage = await KubeStage.open({
    pods: "played",
    files: FILES,
    classes: CLASSES,
    env: { SLIPWAY_WORKER_LEASE: "2s" },
  });
  stage.cluster.pods.script({
    run: async (pod) => {
      const runner = new PlayedRunner(pod);
      await runner.begin();
      return await (plays.get(runner.jobKey)?.(runner, pod) ?? runner.finish());
    },
  });
}, 180_000);
afterAll(() => stage?.close());

const start = (key: string) => stage.project.start(`.github/workflows/${key}.yml`);
const jobOf = ({ jobs }: BuildAnswer): JobAnswer => {
  const [job] = jobs;
  if (job === undefined || jobs.length !== 1) throw new Error(`there are ${jobs.length} jobs`);
  return job;
};
const stepLog = async (build: BuildAnswer): Promise<string> => {
  const step = jobOf(build).steps.find(({ name }) => name === "works");
  if (step === undefined) throw new Error(`no step: ${JSON.stringify(build)}`);
  return await (await stage.server.fetch(step.log.url)).text();
};
const isRunning = ({ jobs }: BuildAnswer) =>
  jobs[0]?.steps.some(({ name, status }) => name === "works" && status === "running") === true;
const countTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);
/** Lines `n of it`, as they stand in the log. */
const numbersIn = (log: string) => [...log.matchAll(/^(\d+) of it$/gm)].map(([, number]) => Number(number));

/** A door that a test opens. */
function door() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

async function printSome(runner: PlayedRunner, from: number, to: number, pauseMs = 0): Promise<void> {
  for (let line = from; line <= to; line += 1) {
    await runner.print(`${line} of it\n`);
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

describe("the API server of the cluster may be away", () => {
  it("for a whole minute, while a job runs, ends, and the next begins", { timeout: 150_000 }, async () => {
    const doors = { half: door(), end: door() };
    plays.set("apart", async (runner) => {
      await printSome(runner, 1, LINES / 2);
      await doors.half.opened;
      await printSome(runner, LINES / 2 + 1, LINES);
      const end = await runner.finish();
      doors.end.open();
      return end;
    });
    const { id } = await start("apart");
    await stage.project.until(id, isRunning);
    const wentAt = Date.now();
    stage.cluster.faults.down();
    doors.half.open();
    await doors.end.opened;
    // Its frames do not come by the cluster: it ends while that is away.
    const build = await stage.project.ended(id);
    expect(build.status).toBe("succeeded");
    const endedAfterMs = Date.now() - wentAt;
    expect(numbersIn(await stepLog(build))).toEqual(countTo(LINES));
    // Begun while nothing can be made.
    plays.set("other", (runner) => runner.finish());
    const other = await start("other");
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 60_000 - (Date.now() - wentAt))));
    expect((await stage.project.build(other.id)).status).toMatch(/running|queued|pending/);
    stage.cluster.faults.up();
    const backAt = Date.now();
    expect((await stage.project.ended(other.id)).status).toBe("succeeded");
    console.log(
      `a job ended ${endedAfterMs} ms after the API went; one begun meanwhile ended ${Date.now() - backAt} ms after it came back`,
    );
    await stage.gone();
  });
});

describe("the server may be out of reach of a pod", () => {
  it.each(["cut", "hold"] as const)(
    "(%s): the job goes on, and everything arrives, once",
    async (how) => {
      const doors = { away: door(), printed: door(), back: door() };
      plays.set("road", async (runner) => {
        await printSome(runner, 1, 50);
        await doors.away.opened;
        // The runner does not wait for a server that is away.
        await printSome(runner, 51, LINES);
        doors.printed.open();
        await doors.back.opened;
        return await runner.finish();
      });
      const { id } = await start("road");
      await stage.project.until(id, isRunning);
      stage.road[how]();
      doors.away.open();
      await doors.printed.opened;
      // Scaled: some tries of the runner's fail, as they would for two minutes.
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      expect((await stage.project.build(id)).status).toBe("running");
      stage.road.resume();
      doors.back.open();
      const build = await stage.project.ended(id);
      expect(build.status, JSON.stringify(build)).toBe("succeeded");
      expect(numbersIn(await stepLog(build))).toEqual(countTo(LINES));
      await stage.gone();
    },
    60_000,
  );
});

it("frames may come twice and out of order: each counts once", async () => {
  plays.set("twice", async ({ request, jobKey }, pod) => {
    const { url = "", token = "" } = request.push ?? {};
    const post = async (...frames: Frame[]) => {
      const body = frames.map(encodeFrame).join("");
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json-seq" };
      const answer = await fetch(`${url}${FRAMES_PATH}`, { method: "POST", headers, body });
      return [answer.status, ((await answer.json()) as { accepted?: number }).accepted];
    };
    const at = Date.now();
    const line = (seq: number): Frame => ({
      seq,
      at,
      type: "log",
      step: 1,
      data: Buffer.from(`${seq - 3} of it\n`),
    });
    const end: FrameBody = { type: "job.finished", result: "success", outputs: {}, durationMs: 1 };
    // The first three it said itself.
    await waitFor(async () => (await post(line(4)))[1] === 4);
    const answers = [
      await post(line(4)),
      await post(line(6), line(7)),
      await post(line(4), line(5), line(6)),
      await post(line(6), line(7)),
      await post(line(5)),
      await post({ seq: 8, at, ...end }),
      await post({ seq: 8, at, ...end }),
    ];
    pod.log(`${jobKey} ${JSON.stringify(answers)}\n`);
    doubled.push(...answers.map(([status, accepted]) => `${status} ${accepted}`));
    return { exitCode: 0 };
  });
  const { id } = await start("twice");
  const build = await stage.project.ended(id);
  expect(build.status).toBe("succeeded");
  expect(numbersIn(await stepLog(build))).toEqual(countTo(4));
  // A gap is not taken; what was had before is taken for what it is.
  expect(doubled.slice(0, 5)).toEqual(["200 4", "409 4", "200 6", "200 7", "200 7"]);
  await stage.gone();
});

describe("the server's process may be killed", () => {
  it.each([
    ["before its pod has a node", "held"],
    ["while it runs", "runs"],
    ["while its runner ends", "ends"],
  ] as const)(
    "%s: the build ends with the same attempt, each line once",
    async (_when, moment) => {
      const doors = { held: door(), end: door(), killed: door() };
      plays.set(moment === "held" ? "late" : "killed", async (runner) => {
        await printSome(runner, 1, 50);
        if (moment === "held") return await runner.finish();
        if (moment === "ends") await doors.end.opened;
        else await printSome(runner, 51, LINES, 15);
        return await runner.finish();
      });
      const { id } = await start(moment === "held" ? "late" : "killed");
      if (moment === "held")
        await stage.cluster.until(
          "its Job is there",
          (cluster) => cluster.list("jobs").length === 1 && cluster.list("secrets").length === 1,
        );
      else await stage.project.until(id, isRunning);
      if (moment === "ends") setTimeout(doors.end.open, 5);
      await stage.killServer(moment === "runs" ? 1_000 : 0);
      if (moment === "held")
        stage.cluster.nodes.add({ name: "node-late", labels: { pool: "late", "kubernetes.io/arch": ARCH } });
      const build = await stage.project.ended(id);
      expect(build.status, JSON.stringify(build)).toBe("succeeded");
      expect(jobOf(build).attempt).toBe(1);
      expect(numbersIn(await stepLog(build))).toEqual(countTo(moment === "runs" ? LINES : 50));
      await stage.gone();
    },
    90_000,
  );
});

describe("a cancel", () => {
  const cancel = async (id: string) =>
    await stage.server.ok("POST", `${stage.project.builds}/${id}/cancel`, { reason: "no longer wanted" });

  it("ends a job that waits for a node", async () => {
    const { id } = await start("pending");
    await stage.cluster.until("its pod waits", (cluster) => cluster.list("pods").length === 1);
    await cancel(id);
    expect((await stage.project.ended(id)).status).toBe("cancelled");
    await stage.gone();
  });

  it("ends a job whose image is pulled", async () => {
    stage.cluster.pods.script(
      { waiting: [{ container: "job", reason: "ContainerCreating", message: "" }] },
      ({ metadata }) => metadata.labels?.["slipway.dev/job"] === "pulling",
    );
    const { id } = await start("pulling");
    await stage.cluster.until("its pod is there", (cluster) => cluster.list("pods").length === 1);
    await cancel(id);
    expect((await stage.project.ended(id)).status).toBe("cancelled");
    await stage.gone();
  });

  it("reaches a job that runs, whose last words are kept", async () => {
    plays.set("running", async (runner) => {
      const command = await runner.command();
      await runner.print(`told to ${command?.type}\n`);
      return await runner.finish("cancelled");
    });
    const { id } = await start("running");
    await stage.project.until(id, isRunning);
    const askedAt = Date.now();
    await cancel(id);
    const build = await stage.project.ended(id);
    console.log(`a running job was cancelled in ${Date.now() - askedAt} ms`);
    expect(build.status).toBe("cancelled");
    expect(await stepLog(build)).toContain("told to cancel\n");
    await stage.gone();
  });

  it("reaches a job in a post step, which is let to end", async () => {
    plays.set("post", async (runner) => {
      await runner.say(
        {
          type: "step.finished",
          step: 1,
          outcome: "success",
          conclusion: "success",
          outputs: {},
          durationMs: 1,
        },
        { type: "step.added", step: 2, name: "Post works", stage: "post", action: "run", background: false },
        { type: "step.started", step: 2, name: "Post works" },
      );
      await runner.command();
      await runner.say(
        { type: "log", step: 2, data: Buffer.from("put away\n") },
        {
          type: "step.finished",
          step: 2,
          outcome: "success",
          conclusion: "success",
          outputs: {},
          durationMs: 1,
        },
        { type: "job.finished", result: "cancelled", outputs: {}, durationMs: 1 },
      );
      return await runner.finish("cancelled", { silent: true });
    });
    const { id } = await start("post");
    await stage.project.until(
      id,
      ({ jobs }) => jobs[0]?.steps.some(({ name }) => name === "Post works") === true,
    );
    await cancel(id);
    const build = await stage.project.ended(id);
    expect(build.status).toBe("cancelled");
    const post = jobOf(build).steps.find(({ name }) => name === "Post works");
    expect(await (await stage.server.fetch(post?.log.url ?? "")).text()).toContain("put away\n");
    await stage.gone();
  });

  it("is not taken for the job's end where the pod was deleted at the same time", async () => {
    plays.set("hand", async (runner) => {
      await runner.terminated();
      return await runner.finish("cancelled", { error: "The operation was canceled." });
    });
    const { id } = await start("hand");
    await stage.project.until(id, isRunning);
    const [pod] = stage.cluster.list("pods");
    stage.cluster.delete("pods", pod?.metadata.namespace ?? "", pod?.metadata.name ?? "");
    const build = await stage.project.ended(id);
    expect(build.status).toBe("failed");
    expect(jobOf(build).error).toMatch(/deleted by somebody other than Slipway/);
    await stage.gone();
  });
});

it("leaves a server that answers, without a build that goes on", async () => {
  await waitFor(async () => (await stage.server.fetch("/healthz")).ok);
  expect(stage.left()).toEqual([]);
});
