import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KubernetesWorld } from "./kubernetes-world.fixture.ts";

let world: KubernetesWorld;
beforeEach(async () => {
  world = await KubernetesWorld.open();
});
afterEach(async () => {
  await world.close();
});

const ENDS = { kind: "reported", final: { result: "failure", outputs: { answer: "42" } } };

/** A job that has told its end, or only left it in its pod. */
async function ended(silent = false) {
  world.inPods(async (runner) => {
    await runner.begin();
    await runner.say({ type: "log", step: 0, data: Buffer.from("hello\n") });
    return await runner.finish("failure", { outputs: { answer: "42" }, silent });
  });
  const { job } = await world.start(world.request("build"));
  expect(await job.ended).toMatchObject(ENDS);
  return job;
}

describe("the end of a job", () => {
  it("is told again, with its frames, to whoever attaches before it is released", async () => {
    const first = await ended();
    await world.executor.close();
    const { job, said } = await world.attach(first.ref);
    expect(await job?.ended).toMatchObject(ENDS);
    expect(said.frames.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      "1 job.started",
      "2 log",
      "3 job.finished",
    ]);
  });

  it("is told again to who has all its frames, and those are not", async () => {
    const first = await ended();
    const { job, said } = await world.attach(first.ref, world.newExecutor(), 3);
    expect(await job?.ended).toMatchObject(ENDS);
    expect(said.frames).toEqual([]);
  });

  it("is told again where it only stands in the pod", async () => {
    const first = await ended(true);
    const { job } = await world.attach(first.ref);
    expect(await job?.ended).toMatchObject(ENDS);
  });

  it("goes with all of the job when it is released, once or twice", async () => {
    const job = await ended();
    expect(world.left()).toEqual(expect.arrayContaining([expect.stringMatching(/^jobs\//)]));
    await Promise.all([job.release?.(), job.release?.()]);
    await world.gone();
    expect((await world.attach(job.ref)).job).toBeUndefined();
    await job.release?.();
  });

  it("is not kept of a job that was lost, nor of one that was cancelled before it began: both leave nothing", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      return { exitCode: 137 };
    });
    const { job } = await world.start(world.request("dies"));
    expect((await job.ended).kind).toBe("lost");
    const { job: never } = await world.start(world.request("never", { labels: ["impatient"] }));
    never.cancel("before it began");
    expect(await never.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    await world.cluster.until("nothing is left of them", () => world.left().length === 0);
  });

  it("ends services at once, though their pod would keep them for its grace period, and is told again all the same", async () => {
    world.inPods(async (runner) => await runner.finish("failure", { outputs: { answer: "42" } }));
    const services = [{ id: "db", image: "db:1", env: {}, ports: [], volumes: [], options: "" }];
    const { job } = await world.start(world.request("build", { services }));
    expect(await job.ended).toMatchObject(ENDS);
    await world.cluster.until("the pod goes", () =>
      world.cluster.list("pods").every(({ metadata }) => metadata.deletionTimestamp !== undefined),
    );
    expect(world.left()).toEqual(expect.arrayContaining([expect.stringMatching(/^jobs\//)]));
    const { job: again } = await world.attach(job.ref);
    expect(await again?.ended).toMatchObject(ENDS);
  });

  it("of a cancel is told again to who attaches and knows of no cancel", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.command();
      return await runner.finish("cancelled");
    });
    const services = [{ id: "db", image: "db:1", env: {}, ports: [], volumes: [], options: "" }];
    const { job, said } = await world.start(world.request("build", { services }));
    await said.until(({ frames }) => frames.length > 0);
    job.cancel("enough");
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    const { job: again } = await world.attach(job.ref);
    expect(await again?.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    await world.gone();
  });
});
