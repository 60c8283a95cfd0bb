/**
 * A Kubernetes of the project's own, for tests: an API server over real HTTP, the controllers that jobs need, and a kubelet
 * whose pods either live by script (`cluster.pods`) or really run as containers of a Docker daemon. What it says and refuses
 * follows Kubernetes 1.36, word for word where clients read the words.
 *
 *     const cluster = await TestCluster.start({ namespaces: { ci: {} } });
 *     … KUBECONFIG = cluster.kubeconfig() …
 *     await cluster.close();
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/clock.ts";
import { Admission, type AdmissionWebhook } from "./admission/admission.ts";
import { STANDARD_STEPS } from "./admission/standard-steps.ts";
import type { NewObject, ObjectOf, PodObject } from "./cluster-object.ts";
import type { TestClusterOptions } from "./cluster-options.ts";
import { ClaimBinder } from "./controllers/claim-binder.ts";
import { EventRecorder } from "./controllers/event-recorder.ts";
import { GarbageCollector } from "./controllers/garbage-collector.ts";
import { JobController } from "./controllers/job-controller.ts";
import { NodeLifecycle } from "./controllers/node-lifecycle.ts";
import { Scheduler } from "./controllers/scheduler.ts";
import { FaultScript } from "./faults/fault-script.ts";
import { RequestCounters } from "./faults/request-counters.ts";
import { EVERYTHING, type PolicyRule } from "./http/access-rules.ts";
import { ApiServer, type ServerUser } from "./http/api-server.ts";
import { type ServerCertificates, serverCertificates } from "./http/certificates.ts";
import { kubeconfigText } from "./http/kubeconfig.ts";
import { DockerKubelet } from "./kubelet/docker/docker-kubelet.ts";
import { SimulatedKubelet } from "./kubelet/simulated-kubelet.ts";
import { Registry } from "./registry.ts";
import { kindOf, RESOURCE_KINDS } from "./resource-kind.ts";
import type { DeleteOptions } from "./store/deletion.ts";
import { ObjectStore } from "./store/object-store.ts";

export class TestCluster {
  /** `https://127.0.0.1:<port>`. */
  readonly url: string;
  /** PEM; undefined without TLS. */
  readonly ca: string | undefined;
  readonly faults: FaultScript;
  readonly requests: RequestCounters;
  readonly nodes: NodeLifecycle;
  readonly scheduler: Scheduler;
  /** The rules and records themselves, for what a test wants to do or see without a request. */
  readonly registry: Registry;
  readonly #kubelet: SimulatedKubelet | DockerKubelet;
  readonly #server: ApiServer;
  readonly #users: ServerUser[];
  readonly #folder: string;
  readonly #end: readonly (() => void)[];

  private constructor(parts: TestClusterParts) {
    this.url = parts.url;
    this.ca = parts.certificates?.ca;
    this.faults = parts.faults;
    this.requests = parts.counters;
    this.nodes = parts.nodes;
    this.scheduler = parts.scheduler;
    this.registry = parts.registry;
    this.#kubelet = parts.kubelet;
    this.#server = parts.server;
    this.#users = parts.users;
    this.#end = parts.end;
    this.#folder = mkdtempSync(join(tmpdir(), "slipway-kube-"));
  }

  static async start(options: TestClusterOptions = {}): Promise<TestCluster> {
    const clock = options.clock ?? systemClock;
    const store = new ObjectStore(options.historyEvents ?? 20_000);
    const counters = new RequestCounters();
    const held: { server?: ApiServer } = {};
    const faults = new FaultScript(
      options.seed ?? 1,
      {
        cutConnections: () => held.server?.cutConnections(),
        closeWatches: (how) => held.server?.closeWatches(how),
      },
      clock,
    );
    const now = () => clock.now() + faults.skewMs;
    const registry = new Registry(store, new Admission(store, STANDARD_STEPS), now, () => Math.random());
    const events = new EventRecorder(registry);
    const collector = new GarbageCollector(registry, clock);
    const nodes = new NodeLifecycle(registry, events, clock);
    const scheduler = new Scheduler(registry, events, clock);
    const jobs = new JobController(registry, events, clock);
    const claims = new ClaimBinder(registry);
    const isSilent = (node: string) => nodes.isLost(node);
    const kubelet =
      options.kubelet?.kind === "docker"
        ? await DockerKubelet.start({ registry, events, clock, isSilent }, options.kubelet)
        : new SimulatedKubelet(
            { registry, events, clock, isSilent, logMaxBytes: () => 10 * 1024 * 1024, podIp: podIps() },
            options.kubelet?.defaultScript ?? {},
          );
    const users = [
      user("admin", [EVERYTHING]),
      ...Object.entries(options.users ?? {}).map(([name, rules]) => user(name, rules)),
    ];
    const certificates =
      options.tls === false
        ? undefined
        : serverCertificates(["127.0.0.1", "localhost", "kubernetes"], Date.now());
    const server = new ApiServer({
      registry,
      kubelet: () => kubelet,
      users,
      faults,
      counters,
      clock,
      bookmarkMs: options.bookmarkMs ?? 5_000,
      certificates,
    });
    held.server = server;
    for (const name of ["default", "kube-system"]) makeNamespace(registry, name, {});
    for (const [name, labels] of Object.entries(options.namespaces ?? {}))
      makeNamespace(registry, name, labels);
    for (const node of options.nodes ?? [{ name: "node-1" }]) nodes.add(node);
    for (const object of options.objects ?? []) addObject(registry, object);
    const port = await server.listen();
    return new TestCluster({
      url: `${certificates === undefined ? "http" : "https"}://127.0.0.1:${port}`,
      certificates,
      faults,
      counters,
      nodes,
      scheduler,
      registry,
      kubelet,
      server,
      users,
      end: [collector, nodes, scheduler, jobs, claims].map((part) => () => part.close()),
    });
  }

  /** The path of a kubeconfig file whose current user is that one. */
  kubeconfig(user = "admin"): string {
    this.#user(user);
    const path = join(this.#folder, `${user}.kubeconfig`);
    writeFileSync(path, kubeconfigText(this.url, this.ca, this.#users, user), { mode: 0o600 });
    return path;
  }

  token(user = "admin"): string {
    return this.#user(user).token;
  }

  /** Gives a user other rules from now on. */
  setRules(user: string, rules: readonly PolicyRule[]): void {
    this.#user(user).rules = rules;
  }

  /** The scripts of simulated pods. */
  get pods(): SimulatedKubelet {
    if (this.#kubelet instanceof SimulatedKubelet) return this.#kubelet;
    throw new Error("This cluster's pods really run: they have no script");
  }

  /**
   * Under which servers on this host, listening on all addresses or on this one, are reached from pods: the gateway of the
   * pods' network.
   */
  get hostAddress(): string {
    return this.#kubelet instanceof DockerKubelet ? this.#kubelet.hostAddress : "127.0.0.1";
  }

  /** Makes an object without a request; `kind` and, of kinds in one, `metadata.namespace` must be given. */
  create(object: NewObject): void {
    addObject(this.registry, object);
  }

  get<R extends string>(resource: R, namespace: string, name: string): ObjectOf<R> | undefined {
    return this.registry.store.get(resource, kindOf(resource).namespaced ? namespace : undefined, name);
  }

  list<R extends string>(resource: R, namespace?: string): readonly ObjectOf<R>[] {
    return this.registry.store.list(resource, namespace);
  }

  delete(resource: string, namespace: string, name: string, options: DeleteOptions = {}): void {
    const kind = kindOf(resource);
    this.registry.delete(kind, kind.namespaced ? namespace : undefined, name, options);
  }

  /** Resolves when that holds, looked at after each change; rejects after `limitMs` with what there was. */
  async until(what: string, holds: (cluster: TestCluster) => boolean, limitMs = 20_000): Promise<void> {
    if (holds(this)) return;
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error) => {
        clearTimeout(timer);
        clearInterval(often);
        clearTimeout(soon);
        unsubscribe();
        if (error === undefined) resolve();
        else reject(error);
      };
      // Looking may cost more than a change: after a thousand changes at once it looks once.
      let soon: NodeJS.Timeout | undefined;
      const look = () => {
        soon = undefined;
        if (holds(this)) done();
      };
      const timer = setTimeout(() => {
        const pods = this.list("pods").map(podLine);
        done(new Error(`${what}: not within ${limitMs} ms. Pods: ${pods.join("; ") || "none"}`));
      }, limitMs);
      const unsubscribe = this.registry.store.subscribe(() => {
        soon ??= setTimeout(look, 2);
      });
      const often = setInterval(look, 100);
    });
  }

  /** Refuses (or changes) objects as an admission webhook would; the returned function takes it back. */
  addWebhook(webhook: AdmissionWebhook): () => void {
    return this.registry.admission.addWebhook(webhook);
  }

  /** Forgets the history: watches from older versions, and pages of lists, are 410 Gone. */
  compact(): void {
    this.registry.store.compact();
    this.#server.lists.forgetPages();
  }

  async close(): Promise<void> {
    await this.#server.close();
    for (const end of this.#end) end();
    await this.#kubelet.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #user(name: string): ServerUser {
    const found = this.#users.find((one) => one.name === name);
    if (found === undefined) throw new Error(`The test cluster has no user ${name}`);
    return found;
  }
}

interface TestClusterParts {
  readonly url: string;
  readonly certificates: ServerCertificates | undefined;
  readonly faults: FaultScript;
  readonly counters: RequestCounters;
  readonly nodes: NodeLifecycle;
  readonly scheduler: Scheduler;
  readonly registry: Registry;
  readonly kubelet: SimulatedKubelet | DockerKubelet;
  readonly server: ApiServer;
  readonly users: ServerUser[];
  readonly end: readonly (() => void)[];
}

function user(name: string, rules: readonly PolicyRule[]): ServerUser {
  return { name, token: randomBytes(24).toString("base64url"), rules };
}

function podIps(): () => string {
  let last = 0;
  return () => {
    last += 1;
    return `10.244.${Math.floor(last / 250) % 250}.${(last % 250) + 2}`;
  };
}

function makeNamespace(registry: Registry, name: string, labels: Readonly<Record<string, string>>): void {
  registry.create(kindOf("namespaces"), undefined, { metadata: { name, labels: { ...labels } } });
}

function addObject(registry: Registry, object: NewObject): void {
  const kind = RESOURCE_KINDS.find((one) => one.kind === object.kind && one.readOnly !== true);
  if (kind === undefined) throw new Error(`The test cluster has no kind ${object.kind}`);
  registry.create(kind, kind.namespaced ? (object.metadata?.namespace ?? "default") : undefined, object);
}

function podLine({ metadata, status }: PodObject): string {
  const waits = status.containerStatuses?.map(({ state }) => state?.waiting?.reason ?? "").join(",") ?? "";
  return `${metadata.name} ${status.phase} ${waits}`.trim();
}
