import { readFileSync } from "node:fs";
import { processesWith } from "../../../src/executors/conformance/processes-with.ts";
import { FakeRegistry } from "../../../src/executors/docker/fake-registry.fixture.ts";
import { HttpKubeClient } from "../../../src/executors/kubernetes/http-kube-client.ts";
import { LABEL } from "../../../src/executors/kubernetes/job-names.ts";
import { loadKubeAccess } from "../../../src/executors/kubernetes/kube-access.ts";
import { NAMESPACE_RULES } from "../../../src/executors/kubernetes/kube-permissions.ts";
import { testDocker } from "../../support/docker.ts";
import { loadConformanceImages } from "../../support/images/conformance-images.ts";
import { loadKitImage } from "../../support/images/load-kit-image.ts";
import { TestCluster } from "../../support/kube/test-cluster.ts";
import type { ClusterStand } from "./cluster-stand.ts";
import { KubeconfigFiles } from "./kubeconfig-file.ts";

const NAMESPACE = "ci";
/** A process whose pod was taken away ends within this time. */
const ENDS_MS = 10_000;

/** The project's own cluster, whose pods really run in the run's Docker daemon. */
export async function openTestClusterStand(): Promise<ClusterStand> {
  const { client, socketPath } = await testDocker();
  if (socketPath === undefined) throw new Error("Pods that really run want a daemon with a socket");
  const images = await loadConformanceImages(client);
  const kitImage = await loadKitImage(client);
  const arch = process.arch === "arm64" ? "arm64" : "amd64";
  const rules = NAMESPACE_RULES.map((rule) => ({ ...rule, namespaces: [NAMESPACE] }));
  const cluster = await TestCluster.start({
    tls: false,
    namespaces: { [NAMESPACE]: { "pod-security.kubernetes.io/enforce": "baseline" } },
    users: { worker: rules },
    nodes: [{ name: "node-1", labels: { "kubernetes.io/os": "linux", "kubernetes.io/arch": arch } }],
    kubelet: { kind: "docker", socketPath, pullBackoffMs: 300 },
  });
  const registry = await FakeRegistry.open();
  const kubeconfig = cluster.kubeconfig();
  const { hostname, port } = new URL(cluster.url);
  const admin = new HttpKubeClient({ access: () => loadKubeAccess({ kubeconfig }) });
  const configs = new KubeconfigFiles({
    token: cluster.token("worker"),
    ca: undefined,
    serverName: hostname,
  });
  /** Containers of pods that nobody has asked to go. */
  const liveContainers = (installation: string) =>
    cluster
      .list("pods", NAMESPACE)
      .filter(
        ({ metadata }) =>
          metadata.labels?.[LABEL.installation] === installation && metadata.deletionTimestamp === undefined,
      )
      .flatMap(({ status }) => [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])])
      .map(({ containerID = "" }) => containerID.replace(/^.*\/\//, ""));
  return {
    name: "the project's own cluster",
    namespace: NAMESPACE,
    arch,
    address: cluster.hostAddress,
    kitImage,
    images,
    api: { host: hostname, port: Number(port) },
    admin,
    adminAccess: () => loadKubeAccess({ kubeconfig }),
    workerConfig: (by) => configs.write(by),
    missingImage: `${registry.host}/nobody/has-this:1`,
    isAlive: async (marker, installation) => {
      const until = Date.now() + ENDS_MS;
      for (;;) {
        const containers = processesWith(marker).map((each) => containerOf(each.split(" ")[0] ?? ""));
        if (containers.length === 0) return false;
        const live = liveContainers(installation);
        if (containers.some((each) => live.includes(each)) || Date.now() > until) return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    holdPods: async () => {
      cluster.scheduler.pause();
      return async () => cluster.scheduler.resume();
    },
    heldTemplate: () => "",
    evict: async (name) => {
      const answer = await fetch(`${cluster.url}/api/v1/namespaces/${NAMESPACE}/pods/${name}/eviction`, {
        method: "POST",
        headers: { authorization: `Bearer ${cluster.token()}`, "content-type": "application/json" },
        body: JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name } }),
      });
      if (!answer.ok) throw new Error(await answer.text());
    },
    close: async () => {
      admin.close();
      registry.close();
      configs.remove();
      await cluster.close();
    },
  };
}

/** The id of the container that a process is in; empty where it has just ended. */
function containerOf(pid: string): string {
  try {
    return /[0-9a-f]{64}/.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[0] ?? "";
  } catch {
    return "";
  }
}
