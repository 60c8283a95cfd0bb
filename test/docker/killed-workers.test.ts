// Workers that go away while their jobs run on Docker: the jobs go on, and another worker takes them over.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cluster, countTo, jobOf, numbersOf, Project, runningStep } from "../platform/survival.fixture.ts";
import { type TestServer, waitFor } from "../support/server.ts";
import { type ServerStage, serverStage } from "./server-stage.fixture.ts";

const LINES = 120;
const SCRIPT = `for i in $(seq ${LINES}); do echo "count $i"; sleep 0.05; done; echo "out=whole" >> "$GITHUB_OUTPUT"`;
/** Every byte of the job's own output. */
const DIGEST = createHash("sha256")
  .update(
    countTo(LINES)
      .map((line) => `count ${line}\n`)
      .join(""),
  )
  .digest("hex");
const ARGS = ["--worker-lease", "3s", "--worker-infrastructure-retries", "5", "--worker-max-jobs", "8"];
const PIPELINE = `on: workflow_dispatch
jobs:
  counts:
    runs-on: ubuntu-latest
    outputs: { out: '\${{ steps.count.outputs.out }}' }
    steps:
      - uses: actions/checkout@v6
      - { id: count, name: count, run: ${JSON.stringify(SCRIPT)} }
      - run: test -f .github/workflows/ci.yml
  after:
    needs: counts
    runs-on: ubuntu-latest
    steps: [{ run: 'echo "after \${{ needs.counts.outputs.out }}"' }]
`;

describe("jobs on Docker whose worker goes away", () => {
  let stage: ServerStage;
  let cluster: Cluster;
  let api: TestServer;
  let startWorker: () => Promise<TestServer>;
  let project: Project;

  beforeAll(async () => {
    stage = await serverStage();
    cluster = await Cluster.start();
    const start = (args: readonly string[], servesApi: boolean) =>
      cluster.server([...ARGS, ...args], { servesApi, env: stage.env });
    ({ api } = await cluster.split(ARGS));
    startWorker = () => start(["--roles", "worker", "--url", api.address, "--stop-timeout", "1s"], false);
    project = await Project.add(api, cluster.sandbox, "killed", PIPELINE);
  });
  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
  });

  async function expectWhole(id: string): Promise<void> {
    const [build] = await project.ended([id], 90_000);
    if (build === undefined) throw new Error("no build");
    const said = JSON.stringify(build, undefined, 1);
    expect(build.status, said).toBe("succeeded");
    const counts = jobOf(build, "counts");
    expect(counts.attempt, said).toBe(1);
    expect(counts.outputs).toEqual({ out: "whole" });
    const step = counts.steps.find(({ name }) => name === "count");
    const log = step === undefined ? "" : await project.log(step);
    expect(numbersOf(log, "count"), log).toEqual(countTo(LINES));
    const own = log.match(/^count .*\n/gm)?.join("") ?? "";
    expect(createHash("sha256").update(own).digest("hex")).toBe(DIGEST);
    await waitFor(
      async () => (await stage.leftovers()).length === 0,
      30_000,
      () => "something is left",
    );
  }

  async function until(id: string, line: string): Promise<void> {
    let log = "";
    await waitFor(
      async () => {
        const build = await project.build(id);
        const step = build.jobs.flatMap(({ steps }) => steps).find(({ name }) => name === "count");
        log = step === undefined ? "" : await project.log(step).catch(() => "");
        return log.includes(`${line}\n`);
      },
      60_000,
      () => `no ${line} in ${log}\n${api.stderr.slice(-2_000)}`,
    );
  }

  it("are followed on from where they are, when it is killed again and again", async () => {
    let worker = await startWorker();
    const id = await project.start();
    for (const line of ["count 1", "count 30", "count 70"]) {
      await until(id, line);
      worker.signal("SIGKILL");
      expect(await worker.ended).toBeNull();
      worker = await startWorker();
    }
    await expectWhole(id);
    worker.signal("SIGKILL");
    await worker.ended;
  }, 90_000);

  it("are read to their end by the next, when they end while nobody is there", async () => {
    const worker = await startWorker();
    const id = await project.start();
    await until(id, "count 5");
    worker.signal("SIGKILL");
    await worker.ended;
    await waitFor(async () => (await stage.running()).length === 0);
    const next = await startWorker();
    await expectWhole(id);
    next.signal("SIGKILL");
    await next.ended;
  }, 90_000);

  it("are handed over when it is told to stop, and it ends at once", async () => {
    const worker = await startWorker();
    const id = await project.start();
    await until(id, "count 3");
    worker.signal("SIGTERM");
    expect(await worker.ended).toBe(0);
    expect(await stage.running()).toHaveLength(1);
    const next = await startWorker();
    expect(runningStep(await project.build(id))?.name).toBe("count");
    await expectWhole(id);
    next.signal("SIGKILL");
    await next.ended;
  }, 90_000);
});
