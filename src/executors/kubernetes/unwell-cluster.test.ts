import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesWorld, NAMESPACE } from "./kubernetes-world.fixture.ts";

let world: KubernetesWorld;
beforeEach(async () => {
  world = await KubernetesWorld.open();
});
afterEach(async () => {
  await world.close();
});

const podOf = () => {
  const [pod] = world.cluster.list("pods", NAMESPACE);
  if (pod === undefined) throw new Error("there is no pod");
  return pod;
};

describe("a cluster that is not well", () => {
  const waits = () =>
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.command();
      return await runner.finish("cancelled");
    });

  it("does not disturb a job while its API is away, and is caught up with", async () => {
    waits();
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length > 0);
    world.cluster.faults.down();
    job.cancel("while it is away");
    await said.until(({ frames }) => frames.some(({ type }) => type === "job.finished"));
    world.cluster.faults.up();
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    await world.gone();
  });

  it.each(["end", "cut", "gone"] as const)(
    "may end its watches (%s): what happens later is seen",
    async (how) => {
      world.inPods(async (runner) => {
        await runner.begin();
        await runner.terminated();
        return { exitCode: 143 };
      });
      const { job, said } = await world.start(world.request("build"));
      await said.until(({ frames }) => frames.length > 0);
      world.cluster.faults.closeWatches(how);
      world.cluster.delete("pods", NAMESPACE, podOf().metadata.name);
      expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "Transient" } });
    },
  );

  it.each([
    [
      "tells events twice",
      { verb: "watch", times: "always" as const, fault: { kind: "duplicate" as const } },
    ],
    [
      "tells events out of order",
      { verb: "watch", times: "always" as const, fault: { kind: "reorder" as const } },
    ],
    [
      "is too busy",
      { verb: "create", times: 2, fault: { kind: "answer" as const, code: 429, retryAfterSeconds: 1 } },
    ],
    [
      "fails",
      {
        verb: ["create", "list", "watch", "delete"],
        times: 6,
        fault: { kind: "answer" as const, code: 503 },
      },
    ],
    ["cuts answers", { verb: ["create", "list"], times: 3, fault: { kind: "cut" as const, afterBytes: 40 } }],
    [
      "carries out what it does not answer",
      { verb: "create", times: 2, fault: { kind: "drop" as const, when: "after" as const } },
    ],
  ])("may be one that %s", async (_what, rule) => {
    world.cluster.faults.add(rule);
    world.inPods(async (runner) => {
      await runner.begin();
      return await runner.finish();
    });
    const { job } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    await world.gone();
  });

  it("may refuse for a moment to take a job away, as one that is only just coming back", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      return await runner.finish();
    });
    const { job } = await world.start(world.request("build"));
    await job.ended;
    world.cluster.faults.add({ verb: "delete", times: 2, fault: { kind: "answer", code: 403 } });
    await world.gone();
  });
});
