// A whole installation whose worker runs its jobs on Kubernetes: the built server, the project's own test cluster, and a
// road between pods and server that a test may cut.
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { ApiProject } from "../support/api-project.ts";
import { testDocker } from "../support/docker.ts";
import { loadImage } from "../support/images/load-image.ts";
import { loadKitImage } from "../support/images/load-kit-image.ts";
import type { TestClusterOptions } from "../support/kube/cluster-options.ts";
import { TestCluster } from "../support/kube/test-cluster.ts";
import { freePort } from "../support/parts/free-port.ts";
import { TestServer } from "../support/server.ts";
import { Sandbox } from "../support/slipway.ts";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts";

const NAMESPACE = "ci";
const NODE_LABELS = {
  "kubernetes.io/os": "linux",
  "kubernetes.io/arch": process.arch === "arm64" ? "arm64" : "amd64",
};

export interface KubeStageOptions {
  /** `real`: pods run in the run's Docker daemon, with the kit. `played`: a test says what happens in them. */
  readonly pods: "real" | "played";
  /** Of `kubernetes.classes`: what stands below `classes:`. The namespace and the images are the defaults'. */
  readonly classes?: string;
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cluster?: TestClusterOptions;
}

const CLASSES = "  - { name: linux, labels: [ubuntu-latest, linux] }\n";

export class KubeStage {
  readonly box: Sandbox;
  readonly cluster: TestCluster;
  /** From pods to the server. */
  readonly road: TcpProxy;
  readonly installation: string;
  /** Of a job without `container:`. */
  readonly image: string;
  /** The default one. */
  readonly namespace = NAMESPACE;
  readonly repository: string;
  readonly #start: () => Promise<TestServer>;
  #server: TestServer;
  #project: ApiProject | undefined;

  private constructor(
    parts: Pick<KubeStage, "box" | "cluster" | "road" | "installation" | "image" | "repository">,
    start: () => Promise<TestServer>,
    server: TestServer,
  ) {
    this.box = parts.box;
    this.cluster = parts.cluster;
    this.road = parts.road;
    this.installation = parts.installation;
    this.image = parts.image;
    this.repository = parts.repository;
    this.#start = start;
    this.#server = server;
  }

  static async open(options: KubeStageOptions): Promise<KubeStage> {
    const { cluster, image, kitImage } = await openCluster(options);
    const box = new Sandbox();
    const port = await freePort();
    const road = await tcpProxy(port, "127.0.0.1", undefined, cluster.hostAddress);
    const installation = `test-${randomBytes(4).toString("hex")}`;
    box.write({
      "classes.yaml": `defaults:
  namespace: ${NAMESPACE}
  image: ${image}
  arch: ${NODE_LABELS["kubernetes.io/arch"]}
classes:
${options.classes ?? CLASSES}`,
    });
    const folder = box.join("server");
    mkdirSync(folder);
    const env = {
      SLIPWAY_WORKER_EXECUTORS: "kubernetes",
      SLIPWAY_KUBERNETES_CLASSES: box.join("classes.yaml"),
      SLIPWAY_KUBERNETES_KUBECONFIG: cluster.kubeconfig(),
      SLIPWAY_KUBERNETES_KIT_IMAGE: kitImage,
      SLIPWAY_JOBS_URL: `http://${cluster.hostAddress}:${road.port}`,
      SLIPWAY_INSTALLATION: installation,
      SLIPWAY_ACTIONS_OFFLINE: "true",
      SLIPWAY_INFRASTRUCTURE_RETRIES: "0",
      SLIPWAY_WORKER_MAX_BUILDS: "64",
      SLIPWAY_STOP_TIMEOUT: "1s",
      ...options.env,
    };
    const start = () => TestServer.start({ folder, env, args: ["--listen", `127.0.0.1:${port}`] });
    const repository = box.repository("repository", options.files);
    const parts = { box, cluster, road, installation, image, repository };
    const server = await start();
    const stage = new KubeStage(parts, start, server);
    stage.#project = await ApiProject.add(() => stage.server, "acme/shop", repository);
    return stage;
  }

  get server(): TestServer {
    return this.#server;
  }

  get project(): ApiProject {
    if (this.#project === undefined) throw new Error("the stage is not open yet");
    return this.#project;
  }

  /** Ends the whole server at once, as a machine's power does, and starts another at the same address. */
  async killServer(pauseMs = 0): Promise<void> {
    const { token } = this.#server;
    this.#server.signal("SIGKILL");
    await this.#server.ended;
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.#server = await this.#start();
    this.#server.token = token;
  }

  /** What jobs left in the cluster, by kind and name. */
  left(): readonly string[] {
    const kinds = ["jobs", "pods", "secrets", "persistentvolumeclaims", "configmaps"];
    return kinds.flatMap((kind) =>
      this.cluster
        .list(kind)
        .filter(({ metadata }) => metadata.labels?.["slipway.dev/installation"] === this.installation)
        .map(({ metadata }) => `${kind}/${metadata.name}`),
    );
  }

  /** Resolves once nothing is left of any job. */
  async gone(limitMs = 30_000): Promise<void> {
    await this.cluster.until("nothing is left of the jobs", () => this.left().length === 0, limitMs);
  }

  async close(): Promise<void> {
    this.road.resume();
    await this.#server.stop();
    await this.road.close();
    await this.cluster.close();
    this.box[Symbol.dispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function openCluster({ pods, cluster = {} }: KubeStageOptions) {
  const shared: TestClusterOptions = {
    namespaces: { [NAMESPACE]: {} },
    nodes: [{ name: "node-1", labels: NODE_LABELS }],
    tls: false,
    ...cluster,
  };
  if (pods === "played")
    return {
      cluster: await TestCluster.start(shared),
      image: "debian:12-slim",
      kitImage: "slipway/runner:test",
    };
  const { client, socketPath } = await testDocker();
  if (socketPath === undefined) throw new Error("Pods that really run want a daemon with a socket");
  const [image, kitImage] = [await loadImage(client, "glibc"), await loadKitImage(client)];
  return {
    image,
    kitImage,
    cluster: await TestCluster.start({
      ...shared,
      kubelet: { kind: "docker", socketPath, pullBackoffMs: 300 },
    }),
  };
}
