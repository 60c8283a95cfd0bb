// Servers that are told to stop in the middle of builds: nothing is lost, whether another one is there or not.
import { describe, expect, it } from "vitest";
import { TestServer, waitFor } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";
import { type Build, Cluster, countTo, jobOf, numbersOf, Project, printing } from "./survival.fixture.ts";

const BUILDS = 10;
const LINES = 40;
const pipeline = (pauseSeconds: number) => `
on: workflow_dispatch
jobs:
  count:
    runs-on: ubuntu-latest
    steps: [{ name: count, run: ${JSON.stringify(printing("count", LINES, pauseSeconds))} }]
  after:
    needs: count
    runs-on: ubuntu-latest
    steps: [{ run: echo after }]
`;
const ROOM = ["--worker-max-jobs", "12", "--worker-infrastructure-retries", "5"];

/** Every job has succeeded once, with its whole log; what was cut off counts as lost, not as failed. */
async function expectWhole(project: Project, builds: readonly Build[]): Promise<number> {
  let lost = 0;
  for (const build of builds) {
    expect(build.status, JSON.stringify(build, undefined, 2)).toBe("succeeded");
    const succeeded = build.jobs.filter(({ status }) => status === "succeeded");
    expect(succeeded.map(({ key }) => key).toSorted()).toEqual(["after", "count"]);
    for (const job of build.jobs.filter(({ latest }) => !latest)) {
      expect(job).toMatchObject({ status: "failed", infrastructureFailure: true });
      lost += 1;
    }
    const step = jobOf(build, "count").steps.find(({ name }) => name === "count");
    const log = step === undefined ? "" : await project.log(step);
    expect(numbersOf(log, "count"), log).toEqual(countTo(LINES));
  }
  return lost;
}

describe.concurrent("a server that gets SIGTERM in the middle of ten builds", () => {
  it("lets them end where they do within its time, and takes no more", async () => {
    using sandbox = new Sandbox();
    const start = () => TestServer.start({ folder: sandbox.path, args: [...ROOM, "--stop-timeout", "50s"] });
    let server = await start();
    const { token } = server;
    const project = await Project.add(server, sandbox, "ending", pipeline(0.2));
    const ids = await project.startMany(BUILDS);
    await project.running(ids, 3);
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.stderr).not.toContain("builds are handed over");

    server = await start();
    server.token = token;
    project.server = server;
    try {
      // At once: they had ended before.
      expect(await expectWhole(project, await project.ended(ids))).toBe(0);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  }, 180_000);

  it("hands them to its next start where they do not end in time", async () => {
    using sandbox = new Sandbox();
    const start = () => TestServer.start({ folder: sandbox.path, args: [...ROOM, "--stop-timeout", "1s"] });
    let server = await start();
    const { token } = server;
    const project = await Project.add(server, sandbox, "handed", pipeline(0.25));
    const ids = await project.startMany(BUILDS);
    await project.running(ids, 3);
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.stderr).toContain("builds are handed over");

    server = await start();
    server.token = token;
    project.server = server;
    try {
      expect(await expectWhole(project, await project.ended(ids))).toBeGreaterThan(0);
    } finally {
      expect(await server.stop()).toBe(0);
    }
  }, 180_000);

  it("hands them to another server that is there, at once", async () => {
    await using cluster = await Cluster.start();
    // A lease so long that only what is given back can be gone on with within the test.
    const args = [...ROOM, "--stop-timeout", "1s", "--worker-lease", "10m"];
    const first = await cluster.server(args);
    const project = await Project.add(first, cluster.sandbox, "taken", pipeline(0.35));
    const ids = await project.startMany(BUILDS);
    await project.running(ids, 3);
    const second = await cluster.server(args);
    second.token = first.token;
    project.server = second;
    first.signal("SIGTERM");
    expect(await first.ended).toBe(0);
    expect(await expectWhole(project, await project.ended(ids))).toBeGreaterThan(0);
    await waitFor(async () => (await second.ok<{ ready: number }>("GET", "queue")).ready === 0);
    expect(await second.stop()).toBe(0);
  }, 180_000);
});
