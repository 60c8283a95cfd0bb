import { afterEach, beforeEach, expect, it } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { KubernetesWorld, NAMESPACE } from "./kubernetes-world.fixture.ts";

let world: KubernetesWorld;
beforeEach(async () => {
  world = await KubernetesWorld.open();
  world.inPods(async (runner) => await runner.finish());
});
afterEach(() => world.close());

const SHARED = { sharedWorkspace: true };
const claims = () => world.cluster.list("persistentvolumeclaims", NAMESPACE);
const run = async (jobKey: string, more: Partial<JobRequest> = {}) => {
  const { job } = await world.start(world.request(jobKey, SHARED, more));
  expect(await job.ended).toMatchObject({ kind: "reported" });
  await job.release?.();
};

it("is made for the first job of a build, found by the others, and goes with the build", async () => {
  await run("one");
  const [claim, ...more] = claims();
  expect(more).toEqual([]);
  await run("two");
  await run("three", { buildId: "another" });
  expect(claims()).toHaveLength(2);
  await world.executor.releaseBuild("another");
  expect(claims().map(({ metadata }) => metadata.uid)).toEqual([claim?.metadata.uid]);
  await world.executor.releaseBuild(world.request("one").buildId);
  await world.executor.releaseBuild(world.request("one").buildId);
  expect(claims()).toEqual([]);
});

it("is swept when its build is over and nobody took it away, and not before", async () => {
  // The cluster made it long ago, by the clock of whoever sweeps.
  world.cluster.faults.skew(-3_600_000);
  await run("one");
  await run("two", { buildId: "over" });
  const nobody = async () => false;
  const other = world.newExecutor();
  await other.sweep(nobody);
  expect(claims()).toHaveLength(2);
  await other.sweep(nobody, async (build) => build !== "over");
  expect(claims().map(({ metadata }) => metadata.annotations?.["slipway.dev/build-id"])).toEqual([
    world.request("one").buildId,
  ]);
});
