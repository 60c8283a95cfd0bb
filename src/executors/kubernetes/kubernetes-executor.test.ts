import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LABEL } from "./job-names.ts";
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

describe("a job in its pod", () => {
  it("tells its frames and its end, asks little of the API, and leaves nothing", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.say({ type: "log", step: 0, data: Buffer.from("hello\n") });
      return await runner.finish("success", { outputs: { answer: "42" } });
    });
    const { job, said } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({
      kind: "reported",
      final: { result: "success", outputs: { answer: "42" } },
    });
    expect(said.frames.map(({ seq, type }) => `${seq} ${type}`)).toEqual([
      "1 job.started",
      "2 log",
      "3 job.finished",
    ]);
    await world.gone();
    const asked = [...world.client.requests].reduce(
      (sum, [verb, count]) => sum + (verb === "watch" ? 0 : count),
      0,
    );
    expect(asked).toBeLessThanOrEqual(8);
  });

  it("shares one watch with all others in its namespace", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      return await runner.finish();
    });
    const jobs = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => await world.start(world.request(`job[${index}]`))),
    );
    for (const { job } of jobs) expect(await job.ended).toMatchObject({ kind: "reported" });
    expect(world.cluster.requests.mostWatches).toBe(1);
    expect(world.cluster.requests.openLogs()).toBe(0);
  });

  it("reports a failing step as the job's result, never as a loss", async () => {
    world.inPods(async (runner) => await runner.finish("failure", { error: "a step failed" }));
    const { job } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({ kind: "reported", final: { result: "failure" } });
  });

  it("has its events in the head of its log", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.command();
      return await runner.finish("cancelled");
    });
    const { job, said } = await world.start(world.request("build"));
    await said.untilNote("Successfully assigned");
    job.cancel("enough");
    await job.ended;
  });

  it("is known by labels, keeps its secrets out of all but its own Secret, and has no token of the cluster", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.command();
      return await runner.finish("cancelled");
    });
    const secrets = { PASSWORD: "hunter2-in-the-contexts" };
    const request = world.request("deploy", {
      container: {
        image: "alpine:3",
        env: { TOKEN: "hunter2-in-the-env" },
        ports: [],
        volumes: [],
        options: "",
        credentials: { username: "me", password: "hunter2-at-the-registry" },
      },
    });
    const { job, said } = await world.start({ ...request, contexts: { ...request.contexts, secrets } });
    await said.until(({ frames }) => frames.length > 0);
    const shown = JSON.stringify([
      world.cluster.list("jobs", NAMESPACE),
      world.cluster.list("pods", NAMESPACE),
    ]);
    expect(shown).not.toContain("hunter2");
    const pod = podOf();
    expect(pod.metadata.labels).toMatchObject({
      [LABEL.build]: "build-1",
      [LABEL.job]: "deploy",
      [LABEL.installation]: "test",
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
    for (const secret of world.cluster.list("secrets", NAMESPACE)) {
      expect(secret.metadata.ownerReferences).toMatchObject([{ kind: "Job" }]);
    }
    job.cancel("enough");
    await job.ended;
    await world.gone();
  });
});

describe("a cancel", () => {
  it("reaches a runner that runs, which still reports", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      const command = await runner.command();
      return await runner.finish("cancelled", { error: JSON.stringify(command) });
    });
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length > 0);
    job.cancel("superseded");
    job.cancel("again");
    expect(await job.ended).toMatchObject({
      kind: "reported",
      final: { result: "cancelled", error: '{"type":"cancel","reason":"superseded"}' },
    });
    await world.gone();
  });

  it.each([
    ["no node takes the pod", { labels: ["impatient"] }, {}],
    ["an image is pulled", {}, { waiting: [{ container: "job", reason: "ContainerCreating", message: "" }] }],
  ])("ends a job at once while %s", async (_when, placement, script) => {
    world.cluster.pods.script(script);
    const { job } = await world.start(world.request("build", placement));
    await world.cluster.until("the pod is there", (cluster) => cluster.list("pods", NAMESPACE).length === 1);
    job.cancel("superseded");
    expect(await job.ended).toMatchObject({
      kind: "reported",
      final: { result: "cancelled", error: "superseded" },
    });
    await world.gone();
  });

  it("that comes before the pod is there leaves nothing", async () => {
    world.inPods(async (runner) => await runner.finish());
    const { job } = await world.start(world.request("build"));
    job.cancel("superseded");
    expect((await job.ended).kind).toBe("reported");
    await world.gone();
  });
});

it("ends a job that is killed, though its runner does not answer", async () => {
  world.inPods(async (runner) => {
    await runner.begin();
    await runner.terminated();
    return { exitCode: 137 };
  });
  const { job, said } = await world.start(world.request("build"));
  await said.until(({ frames }) => frames.length > 0);
  job.kill();
  expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "Cancelled" } });
  await world.gone();
});

describe("trouble of the cluster", () => {
  it("with an image is told within moments and ends the job, not to be tried again", async () => {
    const words =
      'failed to resolve reference "docker.io/library/nod:24": docker.io/library/nod:24: not found';
    world.cluster.pods.script({ waiting: [{ container: "job", reason: "ErrImagePull", message: words }] });
    const { job, said } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "NotFound", retryable: false } });
    expect(said.notes.join("\n")).toContain(words);
    await world.gone();
  });

  it("with nodes is told in the scheduler's words, and ends the job when it lasts", async () => {
    const { job, said } = await world.start(world.request("build", { labels: ["impatient"] }));
    expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "Transient", retryable: true } });
    expect(said.notes.join("\n")).toContain("nodes are available");
    await world.gone();
  });

  it.each([
    [
      "out of memory",
      { runMs: 50, exitCode: 137, exitReason: "OOMKilled" },
      { code: "QuotaExceeded", retryable: false, message: expect.stringContaining("OOMKilled") },
    ],
    [
      "an eviction",
      {
        runMs: "never" as const,
        evictAfterMs: 50,
        evictMessage: "The node was low on resource: memory.",
      },
      { code: "Transient", message: expect.stringContaining("short of memory") },
    ],
    [
      "a clone that failed",
      { init: { "slipway-kit": { exitCode: 1, message: "No space left on device" } } },
      { message: expect.stringContaining("The kit could not be brought into the pod") },
    ],
  ])("by %s is a loss", async (_what, script, error) => {
    world.cluster.pods.script(script);
    const { job } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({ kind: "lost", error });
    await world.gone();
  });

  it.each([
    ["deleted", (name: string) => world.cluster.delete("pods", NAMESPACE, name), /deleted by somebody other/],
    ["preempted", (name: string) => world.cluster.nodes.preempt(NAMESPACE, name), /preempted/],
  ])(
    "that has a pod %s is a loss, though the runner reports the cancel it was told by its node",
    async (_how, end, words) => {
      world.inPods(async (runner) => {
        await runner.begin();
        await runner.terminated();
        return await runner.finish("cancelled", { error: "The operation was canceled." });
      });
      const { job, said } = await world.start(world.request("build"));
      await said.until(({ frames }) => frames.length > 0);
      end(podOf().metadata.name);
      expect(await job.ended).toMatchObject({
        kind: "lost",
        error: { code: "Transient", message: expect.stringMatching(words) },
      });
      expect(said.frames.some(({ type }) => type === "job.finished")).toBe(false);
      await world.gone();
    },
  );

  it("that takes the Job away is told as that", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.terminated();
      return { exitCode: 143 };
    });
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length > 0);
    const [{ metadata } = { metadata: { name: "" } }] = world.cluster.list("jobs", NAMESPACE);
    world.cluster.delete("jobs", NAMESPACE, metadata.name, { propagationPolicy: "Background" });
    expect(await job.ended).toMatchObject({
      kind: "lost",
      error: { message: expect.stringMatching(/deleted by somebody other than Slipway/) },
    });
  });
});

describe("a runner whose last frames do not arrive", () => {
  it("is believed by what it left in its pod, and what it printed is told", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      runner.log("building\nbuilt\n");
      return await runner.finish("success", { silent: true, outputs: { a: "b" } });
    });
    const { job, said } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({
      kind: "reported",
      final: { result: "success", outputs: { a: "b" } },
    });
    expect(said.notes.slice(-3)).toEqual([
      "The job's last frames did not arrive. This is what its pod printed, as far as it is kept:",
      "building",
      "built",
    ]);
  });

  it("is a loss where nothing says how it went, even with exit code 0", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      return { exitCode: 0 };
    });
    const { job } = await world.start(world.request("build"));
    expect(await job.ended).toMatchObject({ kind: "lost", error: { code: "Transient" } });
  });

  it("is a loss where outputs that others may need did not fit", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      return {
        exitCode: 0,
        terminationMessage: JSON.stringify({
          type: "job.finished",
          result: "success",
          truncated: true,
          durationMs: 1,
        }),
      };
    });
    const outputs = { outputs: { kind: "mapping" as const, entries: [] } };
    const { job } = await world.start(world.request("build", {}, outputs));
    expect(await job.ended).toMatchObject({
      kind: "lost",
      error: { message: expect.stringContaining("outputs did not arrive") },
    });
  });
});

describe("another worker", () => {
  it("finds a running job by its ref, and has the frames after the one it names", async () => {
    world.inPods(async (runner) => {
      await runner.begin();
      await runner.say({ type: "log", step: 0, data: Buffer.from("one\n") });
      await runner.command();
      return await runner.finish("cancelled");
    });
    const { job, said } = await world.start(world.request("build"));
    await said.until(({ frames }) => frames.length === 2);
    await world.executor.close();
    const { job: found, said: again } = await world.attach(job.ref, world.newExecutor(), 1);
    found?.cancel("by the other");
    expect(await found?.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    expect(again.frames.map(({ seq }) => seq)).toEqual([2, 3]);
    await world.gone();
  });

  it("that starts the same attempt again gets the one that runs", async () => {
    let runs = 0;
    world.inPods(async (runner) => {
      runs += 1;
      await runner.begin();
      await runner.command();
      return await runner.finish("cancelled");
    });
    const first = await world.start(world.request("build"));
    await first.said.until(({ frames }) => frames.length > 0);
    const second = await world.start(world.request("build"), world.newExecutor());
    expect(second.job.ref).toBe(first.job.ref);
    second.job.cancel("enough");
    expect(await second.job.ended).toMatchObject({ kind: "reported", final: { result: "cancelled" } });
    expect(runs).toBe(1);
  });

  it("does not take a Job for its own that is not", async () => {
    world.cluster.pods.script({ runMs: "never" });
    const { job } = await world.start(world.request("build"));
    const name = job.ref.split("/")[1] ?? "";
    const [found] = world.cluster.list("jobs", NAMESPACE);
    const labels = { ...found?.metadata.labels, [LABEL.installation]: "another" };
    world.cluster.delete("jobs", NAMESPACE, name, { propagationPolicy: "Background" });
    await job.ended;
    await world.gone();
    world.cluster.create({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, namespace: NAMESPACE, labels },
      spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "x", image: "x" }] } } },
    });
    await expect(world.start(world.request("build"))).rejects.toMatchObject({ code: "Conflict" });
    expect(world.cluster.list("jobs", NAMESPACE)).toHaveLength(1);
    expect(await world.executor.attach(job.ref, 0, () => {})).toBeUndefined();
  });

  it("finds nothing by a ref of a job that is gone", async () => {
    expect(await world.executor.attach(`${NAMESPACE}/gone-0`, 0, () => {})).toBeUndefined();
    expect(await world.executor.attach("nonsense", 0, () => {})).toBeUndefined();
  });
});

describe("what cannot start", () => {
  it("leaves nothing, and says in the cluster's words why", async () => {
    world.cluster.faults.deny({ verb: "create", resource: "secrets" });
    await expect(world.start(world.request("build"))).rejects.toMatchObject({
      code: "Forbidden",
      message: expect.stringContaining('cannot create resource "secrets"'),
    });
    await world.gone();
  });

  it("for a label that nobody serves names those that there are", async () => {
    const needs = { labels: ["windows-latest"], container: false, services: false };
    expect(world.executor.refuses(needs)).toBe(
      "No runner class takes the label 'windows-latest'; there are: impatient, linux, own, ubuntu-latest.",
    );
    await expect(world.start(world.request("build", { labels: ["windows-latest"] }))).rejects.toMatchObject({
      code: "InvalidSpec",
    });
  });

  it("for a quota that is used up is told with the quota, and lost when that lasts", async () => {
    world.cluster.create({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: NAMESPACE },
      spec: { hard: { pods: "0" } },
    });
    const { job, said } = await world.start(world.request("build"));
    await said.untilNote("a quota of the namespace is used up");
    expect(said.notes.join("\n")).toContain("exceeded quota: few");
    job.cancel("enough");
    expect(await job.ended).toMatchObject({ final: { result: "cancelled" } });
  });
});

it("makes a namespace for each project where the class says so", async () => {
  const admin = world.newExecutor(world.newClient("admin"));
  world.inPods(async (runner) => await runner.finish());
  const { job } = await world.start(world.request("build", { labels: ["own"] }), admin);
  expect(job.ref).toMatch(/^team-me-project\//);
  expect(await job.ended).toMatchObject({ kind: "reported" });
});

it("sweeps namespaces that workers before it made for projects", async () => {
  world.inPods(async (runner) => {
    await runner.begin();
    await runner.terminated();
    return { exitCode: 143 };
  });
  world.cluster.faults.skew(-3_600_000);
  const before = world.newExecutor(world.newClient("admin"));
  const { job, said } = await world.start(world.request("build", { labels: ["own"] }), before);
  await said.until(({ frames }) => frames.length > 0);
  await before.close();
  expect(await world.newExecutor(world.newClient("admin")).sweep(async () => false)).toBe(1);
  // A user who may not list namespaces sweeps those that it knows.
  expect(await world.executor.sweep(async () => false)).toBe(0);
  const [namespace = ""] = job.ref.split("/");
  await world.cluster.until("it is gone", () => world.cluster.list("pods", namespace).length === 0);
});

it("sweeps what no live attempt owns, and nothing else", async () => {
  world.inPods(async (runner) => {
    await runner.begin();
    await runner.terminated();
    return { exitCode: 143 };
  });
  // The cluster made them long ago, by the clock of whoever sweeps.
  world.cluster.faults.skew(-3_600_000);
  const live = await world.start(world.request("live"));
  const dead = await world.start(world.request("dead"));
  await dead.said.until(({ frames }) => frames.length > 0);
  await live.said.until(({ frames }) => frames.length > 0);
  await world.executor.close();
  world.cluster.create({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "theirs", namespace: NAMESPACE },
    spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "x", image: "x" }] } } },
  });
  const swept = await world.newExecutor().sweep(async ({ jobKey }) => jobKey === "live");
  expect(swept).toBe(1);
  await world.cluster.until(
    "the dead one is gone with its Secret",
    () => !world.left().some((name) => name.includes("dead")),
  );
  expect(world.left().filter((name) => name.includes("live"))).toHaveLength(3);
  expect(world.left()).toContain("jobs/theirs");
});
