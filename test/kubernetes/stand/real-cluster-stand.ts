import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { Writable } from "node:stream";
import {
  CoreV1Api,
  Exec,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1Node,
  type V1Pod,
} from "@kubernetes/client-node";
import { FakeRegistry } from "../../../src/executors/docker/fake-registry.fixture.ts";
import { KIT } from "../../../src/executors/kit/kit-layout.ts";
import { HttpKubeClient } from "../../../src/executors/kubernetes/http-kube-client.ts";
import { LABEL } from "../../../src/executors/kubernetes/job-names.ts";
import { loadKubeAccess } from "../../../src/executors/kubernetes/kube-access.ts";
import { NAMESPACE_RULES } from "../../../src/executors/kubernetes/kube-permissions.ts";
import { conformanceImages, namesOf } from "../../support/images/conformance-images.ts";
import { testKitImage } from "../../support/images/kit-image.ts";
import type { ClusterStand } from "./cluster-stand.ts";
import { KubeconfigFiles } from "./kubeconfig-file.ts";

const WORKER = "slipway-worker";
const TOKEN_SECONDS = 3 * 3600;
const NAMESPACE_MS = 60_000;
const EXEC_MS = 5_000;

/** The cluster that `KUBECONFIG` leads to, in a namespace of its own, by a user who may do what the shipped Role says. */
export async function openRealClusterStand(env: NodeJS.ProcessEnv): Promise<ClusterStand> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const given = config.getCurrentCluster();
  if (given === null) throw new Error("KUBECONFIG has no current cluster");
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `slipway-test-${randomBytes(4).toString("hex")}`;
  const { items: nodes } = await core.listNode();
  const nodeAddress = await ownAddressOf(nodes);
  await core.createNamespace({
    body: { metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "baseline" } } },
  });
  const token = await makeWorker(config, namespace);
  const { hostname, port, protocol } = new URL(given.server);
  const configs = new KubeconfigFiles({
    token,
    ca: protocol === "http:" ? undefined : caOf(given.caData, given.caFile),
    serverName: given.tlsServerName ?? (/^[\d.]+$|:/.test(hostname) ? "kubernetes" : hostname),
  });
  const admin = new HttpKubeClient({ access: () => loadKubeAccess({}) });
  const registry = nodeAddress === undefined ? undefined : await FakeRegistry.open();
  const podsOf = async (installation: string) => {
    const labelSelector = `${LABEL.installation}=${installation}`;
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  };
  return {
    name: `the cluster at ${given.server}`,
    namespace,
    arch: nodes[0]?.status?.nodeInfo?.architecture === "arm64" ? "arm64" : "amd64",
    address: env.SLIPWAY_TEST_ADDRESS ?? nodeAddress ?? firstAddress(),
    kitImage: env.SLIPWAY_TEST_KIT_IMAGE ?? (await testKitImage()).reference,
    images: namesOf(await conformanceImages()),
    api: { host: hostname, port: Number(port || (protocol === "http:" ? 80 : 443)) },
    admin,
    adminAccess: () => loadKubeAccess({}),
    workerConfig: (by) => configs.write(by),
    missingImage:
      env.SLIPWAY_TEST_MISSING_IMAGE ??
      (registry === undefined
        ? "registry.k8s.io/slipway-test/nobody-has-this:1"
        : `${registry.host}/nobody/has-this:1`),
    isAlive: async (marker, installation) => {
      for (const pod of await podsOf(installation))
        for (const container of runningIn(pod))
          if (await hasProcess(config, pod, container, marker)) return true;
      return false;
    },
    holdPods: async (hold) => async () => {
      await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: hold } } });
    },
    // A pod whose volume is not there yet waits on its node, on any cluster and without a word to its scheduler.
    heldTemplate: (hold) =>
      `    template: { spec: { volumes: [{ name: held, configMap: { name: ${hold} } }] }, container: { volumeMounts: [{ name: held, mountPath: /held }] } }\n`,
    evict: async (name) => {
      await core.createNamespacedPodEviction({ namespace, name, body: { metadata: { name } } });
    },
    close: async () => {
      admin.close();
      registry?.close();
      configs.remove();
      await core.deleteNamespace({ name: namespace });
      const until = Date.now() + NAMESPACE_MS;
      while (Date.now() < until) {
        const { items } = await core.listNamespace({ fieldSelector: `metadata.name=${namespace}` });
        if (items.length === 0) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw new Error(`The namespace ${namespace} is still being deleted after ${NAMESPACE_MS} ms`);
    },
  };
}

/** A service account with the shipped Role; gives its token. */
async function makeWorker(config: KubeConfig, namespace: string): Promise<string> {
  const core = config.makeApiClient(CoreV1Api);
  const access = config.makeApiClient(RbacAuthorizationV1Api);
  const metadata = { name: WORKER };
  await core.createNamespacedServiceAccount({ namespace, body: { metadata } });
  await access.createNamespacedRole({
    namespace,
    body: {
      metadata,
      rules: NAMESPACE_RULES.map(({ apiGroups, resources, verbs }) => ({
        apiGroups: [...apiGroups],
        resources: [...resources],
        verbs: [...verbs],
      })),
    },
  });
  await access.createNamespacedRoleBinding({
    namespace,
    body: {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: WORKER },
      subjects: [{ kind: "ServiceAccount", name: WORKER, namespace }],
    },
  });
  const { status } = await core.createNamespacedServiceAccountToken({
    namespace,
    name: WORKER,
    body: { spec: { audiences: [], expirationSeconds: TOKEN_SECONDS } },
  });
  return status?.token ?? "";
}

function caOf(data: string | undefined, file: string | undefined): string {
  if (data !== undefined) return Buffer.from(data, "base64").toString();
  if (file === undefined) throw new Error("KUBECONFIG names no certificate authority");
  return readFileSync(file, "utf8");
}

function runningIn({ status }: V1Pod): string[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .filter(({ state }) => state?.running !== undefined)
    .map(({ name }) => name);
}

/** Asked in the container itself: the test's machine may be none of the nodes. */
async function hasProcess(
  config: KubeConfig,
  pod: V1Pod,
  container: string,
  marker: string,
): Promise<boolean> {
  // Not in its own arguments, nor of its own process, which has the container's environment.
  const pattern = `[${marker.slice(0, 1)}]${marker.slice(1)}`;
  const busybox = container.startsWith("svc-") ? "/bin/busybox" : KIT.busybox;
  const script =
    'for each in /proc/[0-9]*; do [ "$each" = /proc/$$ ] && continue; "$1" grep -qs -e "$2" "$each/environ" "$each/cmdline" && echo "$each"; done; echo looked';
  for (let tries = 1; ; tries += 1) {
    const said = await execIn(config, pod, container, [
      busybox,
      "sh",
      "-c",
      script,
      "look",
      busybox,
      pattern,
    ]);
    if (said?.includes("looked") === true) return said.includes("/proc/");
    // It has ended meanwhile, or the connection was lost.
    if (said === undefined || tries === 3) return false;
  }
}

/** What the command printed, as far as it came within a while; undefined: there is no such container any more. */
async function execIn(
  config: KubeConfig,
  pod: V1Pod,
  container: string,
  command: string[],
): Promise<string | undefined> {
  const said: Buffer[] = [];
  const over = Promise.withResolvers<boolean>();
  const out = new Writable({
    write: (chunk: Buffer, _, done) => {
      said.push(chunk);
      if (Buffer.concat(said).includes("looked")) over.resolve(true);
      done();
    },
  });
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const timer = setTimeout(() => over.resolve(true), EXEC_MS);
  const connecting = new Exec(config).exec(namespace, name, container, command, out, null, null, false, () =>
    over.resolve(true),
  );
  connecting.then(
    (socket) => socket.on("close", () => over.resolve(true)),
    () => over.resolve(false),
  );
  const ran = await over.promise;
  clearTimeout(timer);
  void connecting.then((socket) => socket.close()).catch(() => {});
  return ran ? Buffer.concat(said).toString() : undefined;
}

/** Where the cluster's one node is this machine: its address. */
async function ownAddressOf(nodes: readonly V1Node[]): Promise<string | undefined> {
  const [node, ...others] = nodes;
  const address = node?.status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  if (address === undefined || others.length > 0) return undefined;
  // A bridge without pods is in no list of interfaces that are up.
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(0, address, () => server.close(() => resolve(address)));
  });
}

/** IPv4, and neither loopback nor link-local. */
function firstAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address),
  );
  return all.find((each) => /^\d+\./.test(each) && !/^(127|169\.254)\./.test(each)) ?? "127.0.0.1";
}
