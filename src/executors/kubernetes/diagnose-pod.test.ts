import type { ContainerState, ContainerStatus, Pod, PodCondition } from "kubernetes-types/core/v1.js";
import { describe, expect, it } from "vitest";
import { diagnosePod } from "./diagnose-pod.ts";

const POLICY = { unschedulableTimeoutMs: 600_000 };
const RUNNING: ContainerState = { running: { startedAt: "2026-11-21T10:00:00Z" } };
const DONE: ContainerState = { terminated: { exitCode: 0, reason: "Completed" } };

function status(name: string, state: ContainerState, more: Partial<ContainerStatus> = {}): ContainerStatus {
  return {
    name,
    state,
    image: "i",
    imageID: "",
    ready: state.running !== undefined,
    restartCount: 0,
    started: state.running !== undefined,
    ...more,
  };
}

interface Sketch {
  readonly phase?: string;
  readonly main?: ContainerState;
  readonly init?: readonly ContainerStatus[];
  readonly conditions?: readonly Partial<PodCondition>[];
  readonly reason?: string;
  readonly message?: string;
  readonly deleted?: boolean;
}

function pod({ phase = "Pending", main, init = [], conditions = [], reason, message, deleted }: Sketch): Pod {
  return {
    metadata: {
      name: "test-1a2b-x7k2p",
      ...(deleted === true ? { deletionTimestamp: "2026-11-21T10:05:00Z" } : {}),
    },
    spec: {
      nodeName: "node-7",
      containers: [{ name: "job", image: "node:24", resources: { limits: { memory: "512Mi" } } }],
      initContainers: [
        { name: "slipway-kit", image: "slipway/runner:1" },
        {
          name: "svc-db",
          image: "postgres:17",
          startupProbe: { exec: { command: ["pg_isready"] } },
          resources: { limits: { memory: "256Mi" } },
        },
        { name: "gate-1-alpine", image: "alpine:3" },
      ],
    },
    status: {
      phase,
      conditions: conditions.map((each) => ({ type: "Ready", status: "True", ...each })),
      initContainerStatuses: [...init],
      ...(main === undefined ? {} : { containerStatuses: [status("job", main)] }),
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    },
  };
}

function waiting(reason: string, message: string): ContainerState {
  return { waiting: { reason, message } };
}

const pull = (words: string) => pod({ main: waiting("ErrImagePull", words) });

describe("a pod that waits", () => {
  it("is pending without trouble while its containers are made", () => {
    expect(diagnosePod(pod({ main: waiting("PodInitializing", "") }), POLICY)).toEqual({
      state: "pending",
      notes: [],
    });
  });

  it.each([
    [
      "an image that does not exist",
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nod:24": failed to resolve reference: docker.io/library/nod:24: not found',
      { code: "NotFound", retryable: false, patienceMs: 0 },
    ],
    [
      "an image that is not for everybody",
      'failed to resolve reference "docker.io/acme/app:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
      { code: "Forbidden", retryable: false, patienceMs: 0 },
    ],
    [
      "credentials that are wrong",
      "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token: 401 Unauthorized",
      { code: "Forbidden", retryable: false, patienceMs: 0 },
    ],
    [
      "a registry that limits pulls",
      "unexpected status code 429 Too Many Requests: toomanyrequests: You have reached your unauthenticated pull rate limit.",
      { code: "Transient", retryable: true, patienceMs: 60_000 },
    ],
    [
      "a registry that is not there",
      'failed to do request: Head "https://r.example.com/v2/a/manifests/1": dial tcp: lookup r.example.com: no such host',
      { code: "Transient", retryable: true, patienceMs: 60_000 },
    ],
    [
      "an image of another architecture",
      "no match for platform in manifest: not found",
      { code: "InvalidSpec", retryable: false, patienceMs: 0 },
    ],
  ])("names %s, in the registry's own words", (_what, words, expected) => {
    const { problem } = diagnosePod(pull(words), POLICY) as { problem: { message: string } };
    expect(problem).toMatchObject(expected);
    expect(problem.message).toContain("The image 'node:24' of the job's container cannot be pulled");
    expect(problem.message).toContain(words);
  });

  it("gives up a name that is no image's at once", () => {
    const waits = waiting(
      "InvalidImageName",
      'couldn\'t parse image name "UPPER:1": invalid reference format',
    );
    expect(diagnosePod(pod({ main: waits }), POLICY)).toMatchObject({
      problem: { code: "InvalidSpec", patienceMs: 0 },
    });
  });

  it("waits on while a back-off does not say what failed", () => {
    const silent = diagnosePod(
      pod({ main: waiting("ImagePullBackOff", 'Back-off pulling image "a:1"') }),
      POLICY,
    );
    expect(silent).toMatchObject({ problem: { patienceMs: 60_000 } });
    const telling = waiting(
      "ImagePullBackOff",
      'Back-off pulling image "a:1": ErrImagePull: docker.io/library/a:1: not found',
    );
    expect(diagnosePod(pod({ main: telling }), POLICY)).toMatchObject({ problem: { patienceMs: 0 } });
  });

  it("says why no node takes it in the scheduler's words, and waits as long as its policy lets it", () => {
    const words =
      "0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {gpu: true}.";
    const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: words }];
    const diagnosis = diagnosePod(pod({ conditions }), POLICY);
    expect(diagnosis).toMatchObject({
      state: "pending",
      problem: { key: "unschedulable", patienceMs: 600_000 },
    });
    expect(JSON.stringify(diagnosis)).toContain(words);
  });

  it.each([
    ["a missing Secret", "CreateContainerConfigError", 'secret "pull-me" not found', "NotFound", 15_000],
    [
      "root where that is not allowed",
      "CreateContainerConfigError",
      "container has runAsNonRoot and image will run as root",
      "Forbidden",
      0,
    ],
    [
      "a program that is not there",
      "RunContainerError",
      'failed to create containerd task: exec: "/x": stat /x: no such file or directory',
      "InvalidSpec",
      0,
    ],
    ["a runtime that failed", "CreateContainerError", "context deadline exceeded", "Transient", 60_000],
  ])("tells %s", (_what, reason, words, code, patienceMs) => {
    expect(diagnosePod(pod({ main: waiting(reason, words) }), POLICY)).toMatchObject({
      problem: { code, patienceMs },
    });
  });

  it("tells a service that never becomes healthy from one that ends by itself", () => {
    const ended = (exitCode: number, reason = "Error") =>
      pod({
        init: [
          status("svc-db", waiting("CrashLoopBackOff", "back-off"), {
            started: false,
            restartCount: 1,
            lastState: { terminated: { exitCode, reason, message: "no space for shared memory" } },
          }),
        ],
      });
    expect(diagnosePod(ended(137), POLICY)).toMatchObject({
      problem: {
        code: "Permanent",
        message:
          "Service 'db' did not become healthy in its time, and was ended. It said: no space for shared memory",
      },
    });
    expect(diagnosePod(ended(1), POLICY)).toMatchObject({
      problem: { message: expect.stringContaining("ended with exit code 1 before it was healthy") },
    });
    expect(diagnosePod(ended(137, "OOMKilled"), POLICY)).toMatchObject({
      problem: { message: expect.stringContaining("more memory than its limit of 256Mi (OOMKilled)") },
    });
  });

  it("names the image of a step whose container cannot start", () => {
    const init = [status("gate-1-alpine", waiting("ErrImagePull", "alpine:3: not found"))];
    expect(diagnosePod(pod({ init }), POLICY)).toMatchObject({
      problem: {
        message: expect.stringContaining("The image 'alpine:3' of the container for docker://alpine:3"),
      },
    });
  });
});

describe("a pod that ended", () => {
  it.each([0, 1, 2, 3, 70])("with %i is its runner's own doing", (exitCode) => {
    const main = { terminated: { exitCode, reason: exitCode === 0 ? "Completed" : "Error", message: "{}" } };
    expect(diagnosePod(pod({ phase: "Failed", main }), POLICY)).toEqual({
      state: "ended",
      exitCode,
      message: "{}",
      notes: [],
    });
  });

  it("for memory is lost with its limit named; a step of it that was killed alone is the runner's to report", () => {
    const killed = { terminated: { exitCode: 137, reason: "OOMKilled" } };
    expect(diagnosePod(pod({ phase: "Failed", main: killed }), POLICY)).toMatchObject({
      state: "lost",
      problem: { retryable: false, message: expect.stringContaining("its limit of 512Mi (OOMKilled)") },
    });
    const reported = { terminated: { exitCode: 1, reason: "OOMKilled" } };
    expect(diagnosePod(pod({ phase: "Failed", main: reported }), POLICY)).toMatchObject({ state: "ended" });
  });

  it.each<[string, Sketch, object]>([
    [
      "an eviction for the node's sake",
      {
        reason: "Evicted",
        message: "The node was low on resource: memory. Threshold quantity: 100Mi, available: 80Mi.",
      },
      { code: "Transient", retryable: true, message: expect.stringContaining("which was short of memory") },
    ],
    [
      "an eviction for its own disk",
      { reason: "Evicted", message: 'Usage of EmptyDir volume "workspace" exceeds the limit "1Gi". ' },
      { code: "QuotaExceeded", retryable: false },
    ],
    [
      "a deadline",
      {
        reason: "DeadlineExceeded",
        message: "Pod was active on the node longer than the specified deadline",
      },
      { code: "Timeout", retryable: false },
    ],
    [
      "a node that shuts down",
      { reason: "Terminated", message: "Pod was terminated in response to imminent node shutdown." },
      { code: "Transient", message: expect.stringContaining("node-7 shuts down") },
    ],
    [
      "a node that did not take it",
      { reason: "OutOfcpu", message: "Node didn't have enough resource: cpu" },
      { code: "Transient", message: expect.stringContaining("OutOfcpu") },
    ],
    [
      "a preemption",
      {
        main: { terminated: { exitCode: 143, reason: "Error" } },
        conditions: [
          {
            type: "DisruptionTarget",
            reason: "PreemptionByScheduler",
            message: "default-scheduler: preempting to accommodate a higher priority pod",
          },
        ],
      },
      { code: "Transient", key: "preempted", message: expect.stringContaining("higher priority pod") },
    ],
    [
      "a drained node",
      {
        main: { terminated: { exitCode: 137, reason: "Error" } },
        conditions: [
          { type: "DisruptionTarget", reason: "EvictionByEvictionAPI", message: "Eviction API: evicting" },
        ],
      },
      { code: "Transient", key: "drained" },
    ],
    [
      "an unclear end",
      { main: { terminated: { exitCode: 137, reason: "Error" } } },
      { code: "Transient", message: expect.stringContaining("exit code 137, killed by signal 9") },
    ],
    [
      "a commit that could not be cloned",
      {
        init: [
          status("slipway-clone", {
            terminated: { exitCode: 1, reason: "Error", message: "fatal: not our ref abc\n" },
          }),
        ],
      },
      { message: "The commit could not be cloned into the workspace (exit code 1): fatal: not our ref abc" },
    ],
    [
      "a kit that was not brought",
      { init: [status("slipway-kit", { terminated: { exitCode: 1, message: "No space left on device" } })] },
      { message: expect.stringContaining("The kit could not be brought into the pod") },
    ],
    [
      "a container that could not start",
      {
        main: {
          terminated: {
            exitCode: 128,
            reason: "StartError",
            message: 'unable to start container process: exec: "/slipway/bin/node": exec format error',
          },
        },
      },
      { code: "InvalidSpec", message: expect.stringContaining("not made for the node's architecture") },
    ],
  ])("by %s is lost, and says so", (_what, sketch, problem) => {
    expect(diagnosePod(pod({ phase: "Failed", ...sketch }), POLICY)).toMatchObject({
      state: "lost",
      problem,
    });
  });
});

describe("a pod that runs", () => {
  it("runs, though it is about to be ended: the runner still gets its time", () => {
    expect(diagnosePod(pod({ phase: "Running", main: RUNNING, deleted: true }), POLICY)).toMatchObject({
      state: "running",
      problem: { key: "deleted" },
    });
  });

  it("is followed while the cluster does not hear of its node, and given up when that is lost unless it is heard of", () => {
    const conditions = [{ type: "Ready", status: "False" }];
    const silent = diagnosePod(
      pod({ phase: "Running", main: RUNNING, init: [status("slipway-kit", DONE)], conditions }),
      POLICY,
    );
    expect(silent).toMatchObject({
      state: "running",
      problem: { key: "silent", patienceMs: Number.POSITIVE_INFINITY },
    });
    const tainted = [
      {
        type: "DisruptionTarget",
        reason: "DeletionByTaintManager",
        message: "Taint manager: deleting due to NoExecute taint",
      },
    ];
    expect(diagnosePod(pod({ phase: "Running", main: RUNNING, conditions: tainted }), POLICY)).toMatchObject({
      problem: { key: "node", unlessHeard: true },
    });
  });

  it("tells of a service that ended and is started again", () => {
    const init = [
      status("svc-db", RUNNING, {
        restartCount: 2,
        lastState: { terminated: { exitCode: 3, reason: "Error" } },
      }),
    ];
    expect(diagnosePod(pod({ phase: "Running", main: RUNNING, init }), POLICY).notes).toEqual([
      "Service 'db' ended with exit code 3; it is started again (2).",
    ]);
  });
});
