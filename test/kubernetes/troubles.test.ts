// What a cluster does to jobs, each told to the user in the cluster's own words within five seconds of the cluster knowing,
// told apart from a failing step, and tried again or not by what it is. All of them happen at once, on one server.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildAnswer, JobAnswer } from "../support/api-project.ts";
import type { EventObject, KubeObject, PodObject } from "../support/kube/cluster-object.ts";
import type { PodScript, RunningPod } from "../support/kube/kubelet/pod-script.ts";
import type { TestCluster } from "../support/kube/test-cluster.ts";
import { KubeStage } from "./kube-stage.fixture.ts";
import { PlayedRunner } from "./played-runner.fixture.ts";

const TOLD_WITHIN_MS = 5_000;
/** A machine under load reads its timers late: the rule is for a server that is not starved. */
const LATE_MS = 5_000;

type Seen = (resource: string, object: KubeObject) => boolean;

interface Trouble {
  readonly runsOn?: string;
  /** The life of the first attempt's pod. */
  readonly script?: PodScript;
  /** Done to the first attempt's pod once its runner runs. */
  readonly happens?: (cluster: TestCluster, pod: PodObject) => void;
  /** The first change of the cluster that shows it. Absent: it is an answer to a request. */
  readonly shows?: Seen;
  /** Of the note in the log. Absent: there is no log, since nothing of the job was ever there. */
  readonly told?: RegExp;
  /** Of the first attempt; absent: it gets over it. */
  readonly error?: RegExp;
  readonly retried: boolean;
  /** The second attempt meets the same. */
  readonly lasts?: boolean;
}

const waiting =
  (reason: string): Seen =>
  (resource, object) =>
    resource === "pods" &&
    [
      ...((object as PodObject).status.containerStatuses ?? []),
      ...((object as PodObject).status.initContainerStatuses ?? []),
    ].some(({ state }) => state?.waiting?.reason === reason);
const ended =
  (reason: string): Seen =>
  (resource, object) =>
    resource === "pods" &&
    [
      ...((object as PodObject).status.containerStatuses ?? []),
      ...((object as PodObject).status.initContainerStatuses ?? []),
    ].some(({ state }) => state?.terminated?.reason === reason);
const podReason =
  (reason: string): Seen =>
  (resource, object) =>
    resource === "pods" && (object as PodObject).status.reason === reason;
const condition =
  (type: string, status: string): Seen =>
  (resource, object) =>
    resource === "pods" &&
    (object as PodObject).status.conditions?.some((each) => each.type === type && each.status === status) ===
      true;
const event =
  (reason: string): Seen =>
  (resource, object) =>
    resource === "events" && (object as EventObject).reason === reason;
const going: Seen = (resource, object) =>
  resource === "pods" && object.metadata.deletionTimestamp !== undefined;

const NOT_FOUND =
  'failed to resolve reference "docker.io/library/nod:24": docker.io/library/nod:24: not found';
const DENIED =
  "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://registry.test/token: 401 Unauthorized";
const AWAY = 'failed to do request: Head "https://registry.test/v2/": dial tcp 10.0.0.1:443: i/o timeout';
const ends = (cluster: TestCluster, pod: PodObject, status: Partial<PodObject["status"]>) =>
  cluster.registry.modify("pods", pod.metadata.namespace, pod.metadata.name, (draft) => {
    Object.assign((draft as PodObject).status, status);
  });

const TROUBLES: Readonly<Record<string, Trouble>> = {
  "no-image": {
    script: { waiting: [{ container: "job", reason: "ErrImagePull", message: NOT_FOUND }] },
    shows: waiting("ErrImagePull"),
    told: /image 'debian:12-slim'.*there is no such image.*nod:24: not found/,
    error: /there is no such image/,
    retried: false,
  },
  "no-login": {
    script: { waiting: [{ container: "job", reason: "ErrImagePull", message: DENIED }] },
    shows: waiting("ErrImagePull"),
    told: /does not accept the credentials.*401 Unauthorized/,
    error: /credentials/,
    retried: false,
  },
  "registry-away": {
    script: {
      waiting: [
        {
          container: "job",
          reason: "ErrImagePull",
          message: AWAY,
          nextAfterMs: 300,
          next: {
            reason: "ImagePullBackOff",
            message: `Back-off pulling image "debian:12-slim": ErrImagePull: ${AWAY}`,
          },
          untilMs: 1_500,
        },
      ],
    },
    shows: waiting("ErrImagePull"),
    told: /registry cannot be reached from the node.*i\/o timeout/,
    retried: false,
  },
  "bad-config": {
    script: {
      waiting: [
        {
          container: "job",
          reason: "CreateContainerConfigError",
          message: "container has runAsNonRoot and image will run as root",
        },
      ],
    },
    shows: waiting("CreateContainerConfigError"),
    told: /runAsNonRoot and image will run as root/,
    error: /image's user is root/,
    retried: false,
  },
  "no-program": {
    script: {
      runMs: 10,
      exitCode: 128,
      exitReason: "StartError",
      terminationMessage:
        'failed to create containerd task: OCI runtime create failed: exec: "/slipway/bin/node": stat /slipway/bin/node: no such file or directory',
    },
    shows: ended("StartError"),
    told: /no such file or directory/,
    error: /could not be started/,
    retried: false,
  },
  "no-kit": {
    script: { init: { "slipway-kit": { exitCode: 1, message: "cp: write error: No space left on device" } } },
    shows: ended("Error"),
    told: /kit could not be brought into the pod.*No space left on device/,
    error: /No space left on device/,
    retried: true,
  },
  "no-node": {
    runsOn: "nowhere",
    shows: condition("PodScheduled", "False"),
    told: /No node can take the pod now: 0\/\d nodes are available/,
    error: /0\/\d nodes are available/,
    retried: true,
    lasts: true,
  },
  "no-quota": {
    runsOn: "tight",
    shows: event("FailedCreate"),
    told: /quota of the namespace is used up.*exceeded quota: few/,
    error: /exceeded quota: few/,
    retried: true,
    lasts: true,
  },
  "no-entry": {
    shows: event("FailedCreate"),
    told: /policy of the cluster refuses the pod.*no pods on Fridays/,
    error: /admission webhook "policy\.test" denied the request: no pods on Fridays/,
    retried: false,
  },
  "no-job": {
    error: /admission webhook "policy\.test" denied the request: no jobs on Mondays/,
    retried: false,
  },
  "out-of-memory": {
    script: { runMs: 50, exitCode: 137, exitReason: "OOMKilled" },
    shows: ended("OOMKilled"),
    told: /OOMKilled/,
    error: /OOMKilled/,
    retried: false,
  },
  evicted: {
    script: { runMs: "never", evictAfterMs: 100, evictMessage: "The node was low on resource: memory." },
    shows: podReason("Evicted"),
    told: /evicted from node-1, which was short of memory: The node was low on resource: memory\./,
    error: /evicted/,
    retried: true,
  },
  preempted: {
    happens: (cluster, { metadata }) => cluster.nodes.preempt(metadata.namespace ?? "", metadata.name),
    shows: condition("DisruptionTarget", "True"),
    told: /preempted: its place on node-1 goes to one of higher priority/,
    error: /preempted/,
    retried: true,
  },
  "node-gone": {
    runsOn: "doomed",
    happens: (cluster) => cluster.nodes.remove("node-doomed"),
    shows: condition("DisruptionTarget", "True"),
    told: /node node-doomed is gone, and the pod with it: PodGC: node no longer exists/,
    error: /node-doomed/,
    retried: true,
    lasts: true,
  },
  "node-silent": {
    runsOn: "silent",
    happens: (cluster) => cluster.nodes.notReady("node-silent"),
    shows: condition("Ready", "False"),
    told: /does not hear of the node node-silent any more; the job may go on there/,
    retried: false,
  },
  deadline: {
    happens: (cluster, pod) =>
      ends(cluster, pod, {
        phase: "Failed",
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline",
      }),
    shows: podReason("DeadlineExceeded"),
    told: /ended at its deadline: Pod was active on the node longer than the specified deadline/,
    error: /deadline/,
    retried: false,
  },
  "pod-deleted": {
    happens: (cluster, { metadata }) => cluster.delete("pods", metadata.namespace ?? "", metadata.name),
    shows: going,
    told: /pod .* (is being|was) deleted.* by somebody other than Slipway/,
    error: /The pod \S+ was deleted by somebody other than Slipway/,
    retried: true,
  },
  "job-deleted": {
    happens: (cluster, { metadata }) => {
      const [owner] = metadata.ownerReferences ?? [];
      cluster.delete("jobs", metadata.namespace ?? "", owner?.name ?? "", {
        propagationPolicy: "Background",
      });
    },
    shows: going,
    told: /deleted.* by somebody other than Slipway/,
    error: /The Job \S+ was deleted by somebody other than Slipway/,
    retried: true,
  },
};

const CLASSES = `  - name: linux
    labels: [ubuntu-latest]
    template: { spec: { nodeSelector: { pool: usual } } }
  - name: nowhere
    labels: [nowhere]
    unschedulableTimeout: 2s
    template: { spec: { nodeSelector: { nobody: has-it } } }
  - { name: tight, labels: [tight], namespace: tight, unschedulableTimeout: 4s }
  - { name: doomed, labels: [doomed], unschedulableTimeout: 1s, template: { spec: { nodeSelector: { pool: doomed } } } }
  - { name: silent, labels: [silent], template: { spec: { nodeSelector: { pool: silent } } } }
`;

const workflow = (key: string, runsOn = "ubuntu-latest") =>
  `on: workflow_dispatch\njobs:\n  ${key}:\n    runs-on: ${runsOn}\n    steps: [{ run: echo played }]\n`;
const FILES = Object.fromEntries(
  [...Object.keys(TROUBLES), "failing-step"].map((key) => [
    `.github/workflows/${key}.yml`,
    workflow(key, TROUBLES[key]?.runsOn),
  ]),
);

let stage: KubeStage;
const builds = new Map<string, BuildAnswer>();
/** When the cluster knew, by job. */
const knownAt = new Map<string, number>();

const jobKeyOf = (object: KubeObject): string | undefined =>
  object.metadata.labels?.["slipway.dev/job"] ??
  stage.cluster
    .list("jobs")
    .find(({ metadata }) => metadata.uid === (object as EventObject).involvedObject?.uid)?.metadata.labels?.[
    "slipway.dev/job"
  ];

async function play(pod: RunningPod) {
  const runner = new PlayedRunner(pod);
  await runner.begin();
  await runner.print(`attempt ${runner.attempt} works\n`);
  if (runner.jobKey === "failing-step") return await runner.finish("failure");
  const trouble = runner.attempt === 1 ? TROUBLES[runner.jobKey] : undefined;
  if (trouble?.happens === undefined) return await runner.finish();
  await stage.cluster.until("it is seen to run", () => {
    const now = stage.cluster.get("pods", pod.pod.metadata.namespace ?? "", pod.pod.metadata.name);
    return now?.status.phase === "Running";
  });
  trouble.happens(stage.cluster, pod.pod);
  if (trouble.error !== undefined) {
    await runner.terminated();
    runner.die();
    return { exitCode: 143 };
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  return await runner.finish();
}

beforeAll(async () => {
  const node = (name: string, pool: string) => ({
    name,
    labels: {
      pool,
      "kubernetes.io/os": "linux",
      "kubernetes.io/arch": process.arch === "arm64" ? "arm64" : "amd64",
    },
  });
  stage = await KubeStage.open({
    pods: "played",
    files: FILES,
    classes: CLASSES,
    env: { SLIPWAY_INFRASTRUCTURE_RETRIES: "1" },
    cluster: {
      namespaces: { ci: {}, tight: {} },
      nodes: [node("node-1", "usual"), node("node-doomed", "doomed"), node("node-silent", "silent")],
      objects: [
        {
          apiVersion: "v1",
          kind: "ResourceQuota",
          metadata: { name: "few", namespace: "tight" },
          spec: { hard: { pods: "0" } },
        },
      ],
    },
  });
  const { cluster } = stage;
  const denies = (resource: string, key: string, message: string) =>
    cluster.addWebhook({
      name: "policy.test",
      resources: [resource],
      review: ({ object }) => (object.metadata.labels?.["slipway.dev/job"] === key ? message : undefined),
    });
  denies("pods", "no-entry", "no pods on Fridays");
  denies("jobs", "no-job", "no jobs on Mondays");
  cluster.registry.store.subscribe(({ resource, object }) => {
    if (resource !== "pods" && resource !== "events") return;
    const key = jobKeyOf(object) ?? "";
    if (knownAt.has(key) || TROUBLES[key]?.shows?.(resource, object) !== true) return;
    knownAt.set(key, Date.now());
  });
  cluster.pods.script({ run: play });
  for (const [key, { script }] of Object.entries(TROUBLES)) {
    if (script === undefined) continue;
    const first = ({ metadata }: PodObject) =>
      metadata.labels?.["slipway.dev/job"] === key && metadata.labels?.["slipway.dev/attempt"] === "1";
    const plays = script.waiting?.[0]?.untilMs === undefined ? {} : { run: play };
    cluster.pods.script({ ...script, ...plays }, first);
  }
  await Promise.all(
    [...Object.keys(TROUBLES), "failing-step"].map(async (key) => {
      builds.set(key, await stage.project.run(`.github/workflows/${key}.yml`));
    }),
  );
}, 180_000);
afterAll(() => stage?.close());

const buildOf = (key: string): BuildAnswer => {
  const found = builds.get(key);
  if (found === undefined) throw new Error(`no build of ${key}`);
  return found;
};
type AttemptAnswer = JobAnswer & { readonly infrastructureFailure: boolean };
const attemptsOf = (key: string) =>
  (buildOf(key).jobs as readonly AttemptAnswer[])
    .filter((job) => job.key === key)
    .toSorted((a, b) => a.attempt - b.attempt);
const logOf = async ({ logUrl }: JobAnswer) =>
  await (await stage.server.fetch(`${logUrl}?timestamps=true`)).text();

describe("trouble of a cluster is told, and is not the job's", () => {
  it.each(Object.keys(TROUBLES))("%s", async (key) => {
    const { told, error, retried, lasts = false } = TROUBLES[key] as Trouble;
    const attempts = attemptsOf(key);
    const [first] = attempts;
    if (first === undefined) throw new Error("there was no attempt");
    if (told !== undefined) {
      const log = await logOf(first);
      const line = log.split("\n").find((each) => told.test(each));
      expect(line, `${told} in:\n${log}\n${first.error}`).toBeDefined();
      expect(knownAt.has(key), "the cluster showed it").toBe(true);
      const tookMs = Date.parse((line ?? "").split(" ")[0] ?? "") - (knownAt.get(key) ?? 0);
      console.log(`${key}: told ${tookMs} ms after the cluster knew`);
      expect(tookMs).toBeLessThan(TOLD_WITHIN_MS + LATE_MS);
    }
    if (error !== undefined) {
      expect(first.status).toBe("failed");
      expect(first.error).toMatch(error);
      expect(first.infrastructureFailure).toBe(told !== undefined);
    }
    expect(attempts.map(({ attempt }) => attempt)).toEqual(retried ? [1, 2] : [1]);
    const ok = error === undefined || (retried && !lasts);
    expect(buildOf(key).status, JSON.stringify(buildOf(key), undefined, 1)).toBe(ok ? "succeeded" : "failed");
    if (ok) expect(await logOf(attempts.at(-1) ?? first)).toContain(`attempt ${attempts.length} works`);
  });

  it("unlike a failing step, which is the job's own and is not tried again", async () => {
    const attempts = attemptsOf("failing-step");
    expect(attempts).toMatchObject([{ status: "failed", infrastructureFailure: false }]);
    expect(buildOf("failing-step").status).toBe("failed");
  });

  it("leaves nothing in the cluster", async () => {
    // A node that is silent cannot say that a pod has ended; with the node its pods go.
    stage.cluster.nodes.remove("node-silent");
    await stage.gone();
  });
});
