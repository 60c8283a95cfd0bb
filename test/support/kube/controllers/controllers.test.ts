import { afterEach, describe, expect, it } from "vitest";
import { ask, jobBody, podBody } from "../cluster-client.ts";
import type { JobObject, PodObject } from "../cluster-object.ts";
import type { TestClusterOptions } from "../cluster-options.ts";
import { TestCluster } from "../test-cluster.ts";

const JOBS = "/apis/batch/v1/namespaces/ci/jobs";
let cluster: TestCluster;
const start = async (options: TestClusterOptions = {}) => {
  cluster = await TestCluster.start({ tls: false, namespaces: { ci: {} }, ...options });
};
afterEach(() => cluster.close());

const job = (name: string): JobObject | undefined => cluster.get("jobs", "ci", name);
const podOf = (name: string): PodObject | undefined =>
  cluster
    .list("pods", "ci")
    .find(({ metadata }) => metadata.labels?.["batch.kubernetes.io/job-name"] === name);
const condition = (name: string, type: string) =>
  job(name)?.status.conditions?.find((one) => one.type === type);
const runs = (name: string) => cluster.until(`${name} runs`, () => podOf(name)?.status.phase === "Running");

describe("a job", () => {
  it("makes one pod of its name, with its labels and owner, and counts it", async () => {
    await start({ kubelet: { kind: "simulated", defaultScript: { runMs: 50 } } });
    await ask(cluster, "POST", JOBS, jobBody("one"));
    await cluster.until("it is active", () => job("one")?.status.active === 1);
    expect(podOf("one")?.metadata).toMatchObject({
      name: expect.stringMatching(/^one-[b-df-hj-np-tv-z2-9]{5}$/),
      generateName: "one-",
      labels: {
        "job-name": "one",
        "batch.kubernetes.io/job-name": "one",
        "controller-uid": job("one")?.metadata.uid,
      },
      ownerReferences: [{ kind: "Job", name: "one", controller: true, blockOwnerDeletion: true }],
      finalizers: ["batch.kubernetes.io/job-tracking"],
    });
    await cluster.until("it is complete", () => condition("one", "Complete") !== undefined);
    expect(job("one")?.status).toMatchObject({ succeeded: 1, completionTime: expect.any(String) });
    expect(job("one")?.status.conditions?.map(({ type }) => type)).toEqual([
      "SuccessCriteriaMet",
      "Complete",
    ]);
    expect(job("one")?.status.active).toBeUndefined();
    await cluster.until("the pod is let go", () => podOf("one")?.metadata.finalizers === undefined);
  });

  it("fails at its backoff limit", async () => {
    await start({ kubelet: { kind: "simulated", defaultScript: { exitCode: 1 } } });
    await ask(cluster, "POST", JOBS, jobBody("fails"));
    await cluster.until("it failed", () => condition("fails", "Failed") !== undefined);
    expect(condition("fails", "Failed")).toMatchObject({
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    });
    expect(job("fails")?.status.failed).toBe(1);
    expect(cluster.list("pods", "ci")).toHaveLength(1);
  });

  it("is ended at its deadline, with its pod", async () => {
    await start({ kubelet: { kind: "simulated", defaultScript: { runMs: "never" } } });
    await ask(cluster, "POST", JOBS, jobBody("late", { activeDeadlineSeconds: 1 }));
    await cluster.until("it failed", () => condition("late", "Failed") !== undefined);
    expect(condition("late", "Failed")).toMatchObject({
      reason: "DeadlineExceeded",
      message: "Job was active longer than specified deadline",
    });
    await cluster.until("the pod is gone", () => podOf("late") === undefined);
  });

  it("goes by itself when its time to live is over, with its pod", async () => {
    await start();
    await ask(cluster, "POST", JOBS, jobBody("short", { ttlSecondsAfterFinished: 1 }));
    await cluster.until(
      "both are gone",
      () =>
        job("short") === undefined &&
        podOf("short") === undefined &&
        cluster.requests.count({ verb: "create" }) === 1,
    );
  });

  it("replaces a pod that goes at once, or only when it has failed", async () => {
    await start({ kubelet: { kind: "simulated", defaultScript: { runMs: "never", stopMs: 300 } } });
    await ask(cluster, "POST", JOBS, jobBody("at-once", { backoffLimit: 3 }));
    await ask(cluster, "POST", JOBS, jobBody("late", { backoffLimit: 3, podReplacementPolicy: "Failed" }));
    for (const name of ["at-once", "late"]) await runs(name);
    const podsOf = (name: string) =>
      cluster.list("pods", "ci").filter(({ metadata }) => metadata.labels?.["job-name"] === name);
    for (const name of ["at-once", "late"]) cluster.delete("pods", "ci", podOf(name)?.metadata.name ?? "");
    await cluster.until("there are two", () => podsOf("at-once").length === 2);
    expect(podsOf("late")).toHaveLength(1);
    expect(job("late")?.status.terminating).toBe(1);
  });
});

describe("what a deleted job leaves", () => {
  const running = async (name: string) => {
    await start({ kubelet: { kind: "simulated", defaultScript: { runMs: "never" } } });
    await ask(cluster, "POST", JOBS, jobBody(name));
    await runs(name);
    const owner = { apiVersion: "batch/v1", kind: "Job", name, uid: job(name)?.metadata.uid ?? "" };
    cluster.create({
      kind: "Secret",
      metadata: { name: "request", namespace: "ci", ownerReferences: [owner] },
    });
  };

  it("is its pod, where the client names no policy: Kubernetes orphans them, with a warning", async () => {
    await running("orphaning");
    const { headers } = await ask(cluster, "DELETE", `${JOBS}/orphaning`);
    expect(headers.warning).toContain("child pods are preserved by default when jobs are deleted");
    await cluster.until("it is gone", () => job("orphaning") === undefined);
    await cluster.until(
      "the pod lost its owner",
      () => podOf("orphaning")?.metadata.ownerReferences === undefined,
    );
    expect(cluster.get("secrets", "ci", "request")?.metadata.ownerReferences).toBeUndefined();
  });

  it("is nothing in the background, soon after", async () => {
    await running("background");
    const { body } = await ask(cluster, "DELETE", `${JOBS}/background?propagationPolicy=Background`);
    expect(body).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { kind: "jobs", group: "batch" },
    });
    expect(job("background")).toBeUndefined();
    await cluster.until(
      "all is gone",
      () => podOf("background") === undefined && cluster.get("secrets", "ci", "request") === undefined,
    );
  });

  it("goes before it in the foreground", async () => {
    await running("foreground");
    const order: string[] = [];
    cluster.registry.store.subscribe(({ type, object }) => {
      if (type === "DELETED" && (object.kind === "Job" || object.kind === "Pod")) order.push(object.kind);
    });
    const { body } = await ask(cluster, "DELETE", `${JOBS}/foreground`, { propagationPolicy: "Foreground" });
    expect(body.metadata.finalizers).toContain("foregroundDeletion");
    await cluster.until("it is gone", () => job("foreground") === undefined);
    expect(order).toEqual(["Pod", "Job"]);
  });

  it("is not what belongs to an owner that never was", async () => {
    await start();
    const owner = {
      apiVersion: "batch/v1",
      kind: "Job",
      name: "x",
      uid: "11111111-0000-4000-8000-000000000000",
    };
    cluster.create({ kind: "Secret", metadata: { name: "lost", namespace: "ci", ownerReferences: [owner] } });
    await cluster.until("it is collected", () => cluster.get("secrets", "ci", "lost") === undefined);
  });
});

describe("the scheduler", () => {
  it("says in its own words why no node will do, and binds when one does", async () => {
    await start({
      nodes: [
        { name: "small", capacity: { cpu: "1" } },
        { name: "tainted", taints: [{ key: "gpu", effect: "NoSchedule" }] },
      ],
    });
    const asks = (cpu: string) => ({
      containers: [{ name: "main", image: "a", resources: { requests: { cpu } } }],
    });
    cluster.create(podBody("large", asks("4"), { namespace: "ci" }));
    cluster.create(podBody("picky", { nodeSelector: { disk: "ssd" } }, { namespace: "ci" }));
    const why = (name: string) =>
      cluster.get("pods", "ci", name)?.status.conditions?.find(({ type }) => type === "PodScheduled");
    await cluster.until("both wait", () => why("large") !== undefined && why("picky") !== undefined);
    expect(why("large")).toMatchObject({
      status: "False",
      reason: "Unschedulable",
      message:
        "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
    });
    expect(why("picky")?.message).toMatch(
      /^0\/2 nodes are available: 2 node\(s\) didn't match Pod's node affinity\/selector\./,
    );
    expect(cluster.list("events", "ci").map(({ reason }) => reason)).toContain("FailedScheduling");
    cluster.create(
      podBody(
        "fits",
        { ...asks("4"), tolerations: [{ key: "gpu", operator: "Exists" }] },
        { namespace: "ci" },
      ),
    );
    await cluster.until("it is bound", () => cluster.get("pods", "ci", "fits")?.spec.nodeName === "tainted");
    cluster.nodes.add({ name: "large", labels: { disk: "ssd" } });
    for (const name of ["large", "picky"])
      await cluster.until(
        `${name} is bound`,
        () => cluster.get("pods", "ci", name)?.spec.nodeName === "large",
      );
  });

  it("gives room again when a pod has ended", async () => {
    await start({
      nodes: [{ name: "one", capacity: { pods: "1" } }],
      kubelet: { kind: "simulated", defaultScript: { runMs: 100 } },
    });
    for (const name of ["a", "b"]) cluster.create(podBody(name, {}, { namespace: "ci" }));
    await cluster.until("both ended", () =>
      cluster.list("pods", "ci").every(({ status }) => status.phase === "Succeeded"),
    );
  });
});

describe("a node", () => {
  const onNode = async (pod: object = {}) => {
    await start({ kubelet: { kind: "simulated", defaultScript: { runMs: "never" } } });
    await ask(cluster, "POST", JOBS, jobBody("placed", {}, pod));
    await runs("placed");
  };

  it("that is lost has its pods marked, then deleted when they bear it no longer, and their end is never confirmed", async () => {
    await onNode({
      tolerations: [
        {
          key: "node.kubernetes.io/unreachable",
          operator: "Exists",
          effect: "NoExecute",
          tolerationSeconds: 1,
        },
      ],
    });
    // The job makes another as soon as this one is to go.
    const name = podOf("placed")?.metadata.name ?? "";
    const placed = () => cluster.get("pods", "ci", name);
    cluster.nodes.notReady("node-1");
    expect(placed()?.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
    });
    await cluster.until("it is to go", () => placed()?.metadata.deletionTimestamp !== undefined);
    expect(placed()?.status).toMatchObject({
      phase: "Running",
      conditions: expect.arrayContaining([
        expect.objectContaining({ type: "DisruptionTarget", reason: "DeletionByTaintManager" }),
      ]),
    });
    expect(cluster.list("events", "ci").map(({ reason }) => reason)).toContain("TaintManagerEviction");
    cluster.nodes.remove("node-1");
    await cluster.until("it is gone", () => placed() === undefined);
  });

  it("gives a pod up to one that matters more", async () => {
    await onNode();
    cluster.nodes.preempt("ci", podOf("placed")?.metadata.name ?? "");
    await cluster.until(
      "the job failed",
      () => condition("placed", "Failed") !== undefined || podOf("placed") === undefined,
    );
    expect(cluster.list("events", "ci").find(({ reason }) => reason === "Preempted")?.message).toMatch(
      /^Preempted by pod important on node node-1$/,
    );
  });

  it("is drained by evictions, which a disruption budget may refuse", async () => {
    await onNode();
    const path = `/api/v1/namespaces/ci/pods/${podOf("placed")?.metadata.name}/eviction`;
    cluster.create({
      kind: "PodDisruptionBudget",
      metadata: { name: "keep", namespace: "ci" },
      spec: { selector: { matchLabels: { "job-name": "placed" } } },
    });
    const refused = await ask(cluster, "POST", path, { kind: "Eviction", apiVersion: "policy/v1" });
    expect(refused.code).toBe(429);
    expect(refused.body.message).toBe("Cannot evict pod as it would violate the pod's disruption budget.");
    cluster.delete("poddisruptionbudgets", "ci", "keep");
    expect((await ask(cluster, "POST", path, { kind: "Eviction", apiVersion: "policy/v1" })).code).toBe(201);
    await cluster.until("it is gone", () => podOf("placed") === undefined);
  });
});

it("binds claims, and makes those of a pod's own, which go with it", async () => {
  await start({ kubelet: { kind: "simulated", defaultScript: { runMs: "never" } } });
  const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
  cluster.create(
    podBody(
      "stateful",
      { volumes: [{ name: "work", ephemeral: { volumeClaimTemplate: { spec } } }] },
      { namespace: "ci" },
    ),
  );
  const claim = () => cluster.get("persistentvolumeclaims", "ci", "stateful-work");
  await cluster.until(
    "it is bound",
    () => (claim()?.status as { phase?: string } | undefined)?.phase === "Bound",
  );
  cluster.delete("pods", "ci", "stateful", { gracePeriodSeconds: 0 });
  await cluster.until("it is gone", () => claim() === undefined);
});
