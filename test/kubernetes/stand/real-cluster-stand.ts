import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { Writable } from "node:stream";
import { CoreV1Api, Exec, KubeConfig, RbacAuthorizationV1Api, type V1Pod } from "@kubernetes/client-node";
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

/** The cluster that `KUBECONFIG` leads to, in a namespace of its own, by a user who may do what the shipped Role says. */
export async function openRealClusterStand(env: NodeJS.ProcessEnv): Promise<ClusterStand> {
  const config = new KubeConfig();
  config.loadFromDefault();
  const given = config.getCurrentCluster();
  if (given === null) throw new Error("KUBECONFIG has no current cluster");
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `slipway-test-${randomBytes(4).toString("hex")}`;
  const { items: nodes } = await core.listNode();
  const own = ownAddresses();
  const isHere = nodes.every(({ status }) => status?.addresses?.some(({ address }) => own.includes(address)));
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
  const registry = isHere ? await FakeRegistry.open() : undefined;
  const podsOf = async (installation: string) => {
    const labelSelector = `${LABEL.installation}=${installation}`;
    const { items } = await core.listNamespacedPod({ namespace, labelSelector });
    return items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  };
  return {
    name: `the cluster at ${given.server}`,
    namespace,
    arch: nodes[0]?.status?.nodeInfo?.architecture === "arm64" ? "arm64" : "amd64",
    address: env.SLIPWAY_TEST_ADDRESS ?? own.find((each) => isReachable(each)) ?? "127.0.0.1",
    kitImage: env.SLIPWAY_TEST_KIT_IMAGE ?? (await testKitImage()).reference,
    images: namesOf(await conformanceImages()),
    api: { host: hostname, port: Number(port || (protocol === "http:" ? 80 : 443)) },
    admin,
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
  // Not its own arguments.
  const pattern = `[${marker.slice(0, 1)}]${marker.slice(1)}`;
  const busybox = container.startsWith("svc-") ? "/bin/busybox" : KIT.busybox;
  const script = 'exec "$1" grep -ls -e "$2" /proc/[0-9]*/environ /proc/[0-9]*/cmdline';
  const said: Buffer[] = [];
  const out = new Writable({
    write: (chunk: Buffer, _, done) => {
      said.push(chunk);
      done();
    },
  });
  const { name = "", namespace = "" } = pod.metadata ?? {};
  const exec = new Exec(config);
  await new Promise<void>((resolve) => {
    exec
      .exec(
        namespace,
        name,
        container,
        [busybox, "sh", "-c", script, "look", busybox, pattern],
        out,
        null,
        null,
        false,
        () => resolve(),
      )
      // It has ended meanwhile.
      .then(
        (socket) => socket.on("close", () => resolve()),
        () => resolve(),
      );
  });
  return Buffer.concat(said).includes("/proc/");
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
}

/** IPv4, and neither loopback nor link-local. */
function isReachable(address: string): boolean {
  return /^\d+\./.test(address) && !/^(127|169\.254)\./.test(address);
}
