import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { setCondition } from "../../../test/support/kube/kubelet/pod-condition.ts";
import { TOLD_TO_END } from "../container/container-process.ts";
import { fastClock } from "../push/testing/fast-clock.ts";
import { KubernetesWorld, NAMESPACE } from "./kubernetes-world.fixture.ts";

/** A minute of the executor's is a second here. */
const FASTER = 60;

let world: KubernetesWorld;
beforeEach(async () => {
  world = await KubernetesWorld.open({}, fastClock(FASTER));
});
afterEach(async () => {
  await world.close();
});

/** What the taint manager says of pods on a node that the cluster does not see. */
function loseSightOfNode(): void {
  const [pod] = world.cluster.list("pods", NAMESPACE);
  world.cluster.registry.modify("pods", NAMESPACE, pod?.metadata.name ?? "", (draft) => {
    setCondition(draft, Date.now(), {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
    });
  });
}

describe("a job on a node that the cluster does not see", () => {
  it("goes on while its runner is heard of, and ends as that says", async () => {
    const enough = Promise.withResolvers<void>();
    world.inPods(async (runner) => {
      await runner.begin();
      for (let words = 0; words < 30; words += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await runner.say({ type: "log", step: 0, data: Buffer.from(`word ${words}\n`) });
      }
      await enough.promise;
      return await runner.finish("success");
    });
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length > 2);
    loseSightOfNode();
    // Three minutes of the executor's, through which the runner speaks each six seconds.
    await said.until(({ frames }) => frames.length > 30);
    enough.resolve();
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    expect(said.notes.join("\n")).toMatch(/The node node-1 is lost or may not be used any more/);
  });

  it("is lost when its runner falls silent too, in the cluster's words", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.terminated();
      return { exitCode: 143 };
    });
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length > 0);
    loseSightOfNode();
    expect(await job.ended).toMatchObject({
      kind: "lost",
      error: { retryable: true, message: expect.stringContaining("deleting due to NoExecute taint") },
    });
  });
});

it("ends a runner that has not ended in its time after a cancel, and says so", async () => {
  world.inPods(async (runner) => {
    await runner.begin();
    await runner.terminated();
    return { exitCode: 143 };
  });
  const { job, said } = await world.start(world.request("stubborn", {}, { cancelTimeoutMs: 1_000 }));
  await said.until(({ frames }) => frames.length > 0);
  job.cancel("enough");
  expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "Cancelled" } });
  expect(said.notes.join("\n")).toContain("did not end in its time after the cancel");
  await world.gone();
});

it("does not take for a cancel what a runner says that its node told to end, before the cluster says why", async () => {
  const gone = Promise.withResolvers<void>();
  world.inPods(async (runner) => {
    await runner.begin();
    // The kubelet ends the container at the pod's deadline, and tells the cluster when it has ended.
    await runner.finish("cancelled", { error: TOLD_TO_END });
    await gone.promise;
    return { exitCode: 3 };
  });
  const { job, said } = await world.start(world.request("build"));
  await said.until(({ frames }) => frames.length > 0);
  const [pod] = world.cluster.list("pods", NAMESPACE);
  world.cluster.registry.modify("pods", NAMESPACE, pod?.metadata.name ?? "", ({ status }) => {
    status.reason = "DeadlineExceeded";
    status.message = "Pod was active on the node longer than the specified deadline";
  });
  gone.resolve();
  expect(await job.ended).toMatchObject({
    kind: "lost",
    error: { code: "Timeout", retryable: false, message: expect.stringContaining("specified deadline") },
  });
});

it("is lost, and says that nobody says why, where a runner was told to end and the cluster stays silent", async () => {
  world.inPods(async (runner) => {
    await runner.begin();
    return await runner.finish("cancelled", { error: TOLD_TO_END });
  });
  const { job } = await world.start(world.request("build"));
  expect(await job.ended).toMatchObject({
    kind: "lost",
    error: { retryable: true, message: expect.stringContaining("was told to end") },
  });
});
