// Workers on real PostgreSQL, RabbitMQ and S3 whose jobs are pods: they are killed at moments by a fixed seed, and others
// take their builds over. The pods go on, so no job is ever tried again, and no line is lost or told twice.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Cluster, countTo, jobOf, Project } from "../platform/survival.fixture.ts";
import { TestCluster } from "../support/kube/test-cluster.ts";
import type { TestServer } from "../support/server.ts";
import { chances } from "./chances.ts";
import { PlayedRunner } from "./played-runner.fixture.ts";

const BUILDS = 12;
const KILLS = 5;
const LINES = 60;
const PIPELINE = `on: workflow_dispatch
jobs:
  first:
    runs-on: ubuntu-latest
    steps: [{ run: echo played }]
  second:
    needs: first
    runs-on: ubuntu-latest
    steps: [{ run: echo played }]
  fails:
    needs: second
    runs-on: ubuntu-latest
    steps: [{ run: exit 1 }]
`;

let kube: TestCluster;
let platform: Cluster;
beforeAll(async () => {
  [platform, kube] = await Promise.all([
    Cluster.start(),
    TestCluster.start({
      tls: false,
      namespaces: { ci: {} },
      nodes: [{ name: "node-1", labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" } }],
    }),
  ]);
}, 180_000);
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await kube?.close();
});

it("killed and replaced: every build ends with the first attempt of each job, each line once", async () => {
  const classes = platform.sandbox.join("classes.yaml");
  writeFileSync(classes, "classes: [{ name: linux, labels: [ubuntu-latest], namespace: ci }]\n");
  const installation = `test-${randomBytes(4).toString("hex")}`;
  const { api, worker } = await platform.split([
    "--worker-lease",
    "3s",
    "--worker-executors",
    "kubernetes",
    "--kubernetes-classes",
    classes,
    "--kubernetes-kubeconfig",
    kube.kubeconfig(),
    "--installation",
    installation,
  ]);
  /** Attempts that a pod was made for, by build and job. */
  const places = new Map<string, number>();
  kube.pods.script({
    run: async (pod) => {
      const runner = new PlayedRunner(pod);
      const place = `${runner.request.buildId} ${runner.jobKey}`;
      places.set(place, (places.get(place) ?? 0) + 1);
      await runner.begin();
      for (const line of countTo(LINES)) {
        await runner.print(`${line} of it\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return await runner.finish(runner.jobKey === "fails" ? "failure" : "success");
    },
  });
  const project = await Project.add(api, platform.sandbox, "killed", PIPELINE);
  const workers: TestServer[] = await Promise.all([worker(), worker()]);
  const ids = await project.startMany(BUILDS);
  const chance = chances(4711);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await new Promise((resolve) => setTimeout(resolve, chance() * 1_500));
    const [victim] = workers.splice(Math.floor(chance() * workers.length), 1);
    victim?.signal("SIGKILL");
    expect(await victim?.ended).toBeNull();
    workers.push(await worker());
  }
  const builds = await project.ended(ids, 120_000);
  for (const build of builds) {
    const told = JSON.stringify(build, undefined, 1);
    expect(build.status, told).toBe("failed");
    expect(Object.fromEntries(build.jobs.map(({ key, status }) => [key, status])), told).toEqual({
      first: "succeeded",
      second: "succeeded",
      fails: "failed",
    });
    for (const key of ["first", "second", "fails"]) {
      const job = jobOf(build, key);
      expect(job.attempt).toBe(1);
      expect(job.infrastructureFailure).toBe(false);
      const step = job.steps.find(({ name }) => name === "works");
      const log = step === undefined ? "" : await project.log(step);
      const numbers = [...log.matchAll(/^(\d+) of it$/gm)].map(([, number]) => Number(number));
      expect(numbers, `${build.id} ${key}\n${log}`).toEqual(countTo(LINES));
    }
  }
  expect([...new Set(places.values())]).toEqual([1]);
  // Ends of which a worker was killed before it could let go of them are left to sweeps, as everything that lies for a while.
  const left = () => (["jobs", "pods", "secrets"] as const).flatMap((kind) => kube.list(kind, "ci"));
  console.log(`${left().length} objects were left to a sweep`);
  for (const { metadata, kind } of left()) {
    if (kind !== "Secret")
      kube.registry.modify(kind === "Job" ? "jobs" : "pods", "ci", metadata.name, (draft) => {
        draft.metadata.creationTimestamp = "2020-01-01T00:00:00Z";
      });
  }
  await worker();
  await kube.until("nothing is left", () => left().length === 0, 60_000);
}, 300_000);
