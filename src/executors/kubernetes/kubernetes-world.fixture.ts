import type { TestClusterOptions } from "../../../test/support/kube/cluster-options.ts";
import type { PodEnd, RunningPod } from "../../../test/support/kube/kubelet/pod-script.ts";
import { TestCluster } from "../../../test/support/kube/test-cluster.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { readRunnerClasses } from "../../config/runner-classes.ts";
import { encodeFrame } from "../../protocol/encode-frame.ts";
import type { Frame, FrameBody, JobFinishedFrame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobPlacement } from "../../protocol/job-placement.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import { NO_PLACEMENT } from "../conformance/executor-under-test.ts";
import { plainRequest } from "../conformance/plain-request.ts";
import type { JobAttemptName, RunningJob } from "../executor.ts";
import { frameBatch } from "../push/frame-batch.ts";
import { MemoryMailbox } from "../push/memory-mailbox.ts";
import { HttpKubeClient } from "./http-kube-client.ts";
import { loadKubeAccess } from "./kube-access.ts";
import { NAMESPACE_RULES } from "./kube-permissions.ts";
import { KubernetesExecutor } from "./kubernetes-executor.ts";

export const NAMESPACE = "ci";

const CLASSES = `
defaults:
  namespace: ci
  image: debian:12-slim
  unschedulableTimeout: 30s
classes:
  - name: linux
    labels: [ubuntu-latest, linux]
  - name: impatient
    labels: [impatient]
    unschedulableTimeout: 0.5s
    template: { spec: { nodeSelector: { nobody: has-it } } }
  - name: own
    labels: [own]
    namespace: team-{project}
    createNamespace: true
`;

/** An executor over a cluster whose pods are told by each test what happens in them. Its user may do what the Role says. */
export class KubernetesWorld {
  readonly cluster: TestCluster;
  readonly mailbox: MemoryMailbox;
  readonly executor: KubernetesExecutor;
  readonly client: HttpKubeClient;
  readonly #clock: Clock;
  readonly #more: KubernetesExecutor[] = [];
  /** Whose end was seen. */
  readonly #ended = new Set<RunningJob>();

  private constructor(cluster: TestCluster, clock: Clock) {
    this.cluster = cluster;
    this.#clock = clock;
    this.mailbox = new MemoryMailbox(() => "http://slipway.test", clock);
    this.client = this.newClient();
    this.executor = this.newExecutor(this.client);
  }

  /** `clock`: of the executors; the cluster keeps its own. */
  static async open(options: TestClusterOptions = {}, clock = systemClock): Promise<KubernetesWorld> {
    const rules = NAMESPACE_RULES.map((rule) => ({ ...rule, namespaces: [NAMESPACE] }));
    return new KubernetesWorld(
      await TestCluster.start({
        tls: false,
        namespaces: { [NAMESPACE]: {} },
        users: { worker: rules },
        nodes: [{ name: "node-1", labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" } }],
        ...options,
      }),
      clock,
    );
  }

  newClient(user = "worker"): HttpKubeClient {
    const kubeconfig = this.cluster.kubeconfig(user);
    return new HttpKubeClient({ access: () => loadKubeAccess({ kubeconfig }), patienceMs: 20_000 });
  }

  /** As another worker of the installation has it. */
  newExecutor(client = this.newClient()): KubernetesExecutor {
    const executor = new KubernetesExecutor({
      client,
      mailbox: this.mailbox,
      installation: "test",
      clock: this.#clock,
      classes: readRunnerClasses("classes.yaml", CLASSES, {
        namespace: NAMESPACE,
        kitImage: "slipway/runner:test",
      }),
    });
    this.#more.push(executor);
    return executor;
  }

  request(jobKey: string, placement: Partial<JobPlacement> = {}, more: Partial<JobRequest> = {}): JobRequest {
    return {
      ...plainRequest("build-1", jobKey, "/nowhere"),
      placement: { ...NO_PLACEMENT, labels: ["ubuntu-latest"], ...placement },
      ...more,
    };
  }

  /** Starts a job and keeps what it says. */
  async start(request: JobRequest, executor = this.executor) {
    const said = new Said();
    const job = await executor.start(request, said.sink, said.note);
    return { job: this.#keep(job), said };
  }

  /** Follows a job again from its beginning, as another worker does. */
  async attach(ref: string, executor = this.newExecutor(), afterSeq = 0) {
    const said = new Said();
    const job = await executor.attach(ref, afterSeq, said.sink, said.note);
    return { job: job === undefined ? undefined : this.#keep(job), said };
  }

  /** What runs in every pod from now on. */
  inPods(run: (runner: RunnerInPod) => Promise<PodEnd>): void {
    this.cluster.pods.script({ run: async (pod) => await run(new RunnerInPod(pod, this.mailbox)) });
  }

  /** Names of what jobs left in the cluster. */
  left(): readonly string[] {
    return (["jobs", "pods", "secrets"] as const).flatMap((kind) =>
      this.cluster.list(kind, NAMESPACE).map(({ metadata }) => `${kind}/${metadata.name}`),
    );
  }

  /** The ends that were seen are safe: nothing is left. */
  async gone(): Promise<void> {
    await Promise.all([...this.#ended].map((job) => job.release?.()));
    await this.cluster.until("nothing is left of the jobs", () => this.left().length === 0);
  }

  #keep(job: RunningJob): RunningJob {
    void job.ended.then(() => this.#ended.add(job));
    return job;
  }

  async close(): Promise<void> {
    for (const executor of this.#more) await executor.close();
    await this.cluster.close();
  }
}

class Said {
  readonly frames: Frame[] = [];
  readonly notes: string[] = [];
  readonly #waiting: (() => void)[] = [];

  readonly sink: FrameSink = (frame) => {
    this.frames.push(frame);
    this.#stir();
  };

  readonly note = (text: string) => {
    this.notes.push(text);
    this.#stir();
  };

  async until(holds: (said: Said) => boolean): Promise<void> {
    while (!holds(this)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  async untilNote(part: string): Promise<void> {
    await this.until(({ notes }) => notes.some((note) => note.includes(part)));
  }

  #stir(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Plays the runner of a job: it reads its request as the pod has it, and tells frames to the mailbox. */
export class RunnerInPod {
  readonly request: JobRequest;
  readonly signal: AbortSignal;
  readonly #mailbox: MemoryMailbox;
  readonly #pod: RunningPod;
  #seq = 0;

  constructor(pod: RunningPod, mailbox: MemoryMailbox) {
    this.#pod = pod;
    this.signal = pod.signal;
    this.#mailbox = mailbox;
    const text = pod.readFile("/__slipway/request.json");
    if (text === undefined) throw new Error("the pod has no request");
    this.request = JSON.parse(text);
  }

  get #name(): Promise<JobAttemptName> {
    return this.#mailbox.admit(this.request.push?.token ?? "");
  }

  log(text: string): void {
    this.#pod.log(text);
  }

  async say(...bodies: FrameBody[]): Promise<void> {
    const frames = bodies.map((body) => {
      this.#seq += 1;
      return { seq: this.#seq, at: 0, ...body };
    });
    const content = Buffer.from(frames.map(encodeFrame).join(""));
    const { kind } = await this.#mailbox.accept(await this.#name, frameBatch(frames, content, false));
    if (kind !== "accepted") throw new Error(`the frames were ${kind}`);
  }

  async begin(): Promise<void> {
    await this.say({ type: "job.started", workspace: this.request.directories.workspace });
  }

  /** Tells its end, or only leaves it in the pod. */
  async finish(
    result: JobFinishedFrame["result"] = "success",
    { silent = false, ...more }: Partial<JobFinishedFrame> & { readonly silent?: boolean } = {},
  ): Promise<PodEnd> {
    const final: JobFinishedFrame = { type: "job.finished", result, outputs: {}, durationMs: 1, ...more };
    if (!silent) await this.say(final);
    const exitCode = { success: 0, failure: 1, cancelled: 3 }[result];
    return { exitCode, terminationMessage: JSON.stringify(final) };
  }

  /** The next command after so many; undefined when the pod is to end first. */
  async command(after = 0): Promise<RunnerCommand | undefined> {
    const name = await this.#name;
    for (;;) {
      const changed = Promise.withResolvers<void>();
      const leave = this.#mailbox.onCommand(name, changed.resolve);
      this.signal.addEventListener("abort", () => changed.resolve(), { once: true });
      const answer = await this.#mailbox.commands(name, after);
      const [first] = answer?.commands ?? [];
      if (first === undefined && !this.signal.aborted) await changed.promise;
      leave();
      if (first !== undefined || this.signal.aborted) return first?.command;
    }
  }

  async terminated(): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise<void>((wake) => this.signal.addEventListener("abort", () => wake(), { once: true }));
  }
}
