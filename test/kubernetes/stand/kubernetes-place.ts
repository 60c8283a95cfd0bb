import { systemClock } from "../../../src/clock.ts";
import { readRunnerClasses } from "../../../src/config/runner-classes.ts";
import type { ExecutorUnderTest } from "../../../src/executors/conformance/executor-under-test.ts";
import { plainRequest } from "../../../src/executors/conformance/plain-request.ts";
import { ServedRepositories } from "../../../src/executors/conformance/served-repositories.ts";
import { HttpKubeClient } from "../../../src/executors/kubernetes/http-kube-client.ts";
import { ANNOTATION, LABEL } from "../../../src/executors/kubernetes/job-names.ts";
import { loadKubeAccess } from "../../../src/executors/kubernetes/kube-access.ts";
import { KubernetesExecutor } from "../../../src/executors/kubernetes/kubernetes-executor.ts";
import type { RunnerMailbox } from "../../../src/executors/push/runner-mailbox.ts";
import type { JobPlacement } from "../../../src/protocol/job-placement.ts";
import { ENTRYPOINT } from "../../support/images/conformance-images.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";
import type { ClusterStand } from "./cluster-stand.ts";

const GONE_MS = 60_000;
/** Later than any job is thought to be only just being made. */
const LATER_MS = 600_000;
const laterClock = { ...systemClock, now: () => systemClock.now() + LATER_MS };

export interface KubernetesPlaceOptions {
  /** More runner classes: YAML, as they stand below `classes:`. */
  readonly classes?: string;
}

let places = 0;

/** An installation of its own on the cluster, which others use beside it; it reaches the API by a road that can be cut. */
export async function kubernetesPlace(
  stand: ClusterStand,
  mailbox: RunnerMailbox,
  { classes = "" }: KubernetesPlaceOptions = {},
): Promise<ExecutorUnderTest & { readonly installation: string }> {
  const { admin, namespace, images } = stand;
  const served = await ServedRepositories.open(stand.address);
  const road = await tcpProxy(stand.api.port, stand.api.host);
  const kubeconfig = stand.workerConfig(road.port);
  places += 1;
  const installation = `${namespace}-${process.pid}-${places}`;
  const buildId = `build-${process.pid}-${places}`;
  const hold = `hold-${process.pid}-${places}`;
  let held = false;
  const executors: KubernetesExecutor[] = [];
  const open = (clock = systemClock): KubernetesExecutor => {
    const executor = new KubernetesExecutor({
      client: new HttpKubeClient({ access: () => loadKubeAccess({ kubeconfig }), patienceMs: 20_000 }),
      mailbox,
      installation,
      clock,
      classes: readRunnerClasses(
        "classes.yaml",
        `defaults: { image: "${images.plain}", arch: ${stand.arch} }
classes:
  - { name: linux, labels: [ubuntu-latest] }
  - name: held
    labels: [held]
${stand.heldTemplate(hold)}${classes}`,
        { namespace, kitImage: stand.kitImage },
      ),
      images: {
        of: async (asked) =>
          new Map(
            asked.map((image) => [
              image,
              { entrypoint: image === images.withEntrypoint ? ENTRYPOINT : [], command: [] },
            ]),
          ),
      },
    });
    executors.push(executor);
    return executor;
  };
  const labels = `${LABEL.installation}=${installation}`;
  const list = async (kind: "jobs" | "pods" | "secrets") =>
    (await admin.list(kind, namespace, { labels })).items;
  const placement = (): JobPlacement => ({
    labels: [held ? "held" : "ubuntu-latest"],
    services: [],
    stepImages: [],
    clone: false,
  });
  const withOptions = (options: string) => ({
    placement: {
      ...placement(),
      container: { image: images.plain, env: {}, ports: [], volumes: [], options },
    },
  });
  const left = async () => {
    const names: string[] = [];
    for (const kind of ["jobs", "pods", "secrets"] as const)
      names.push(...(await list(kind)).map(({ metadata }) => `${kind} ${metadata?.name}`));
    return names;
  };
  return {
    installation,
    executor: open(),
    images,
    request: (jobKey) => ({ ...plainRequest(buildId, jobKey, "/nowhere"), placement: placement() }),
    paths: () => ({ workspace: "/__w/project/project", temp: "/__w/_temp" }),
    isAlive: (marker) => stand.isAlive(marker, installation),
    // What was asked to go goes within moments; who asks too early sees it on its way.
    leftovers: async () => {
      for (const until = Date.now() + GONE_MS; ; ) {
        const names = await left();
        if (names.length === 0 || Date.now() > until) return names;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    exposed: async (text) => {
      const found: string[] = [];
      for (const kind of ["jobs", "pods"] as const)
        for (const object of await list(kind))
          if (JSON.stringify(object).includes(text)) found.push(`${kind} ${object.metadata?.name}`);
      const { items: events } = await admin.list("events", namespace, {});
      if (JSON.stringify(events).includes(text)) found.push("events");
      return found;
    },
    reopen: async () => open(laterClock),
    readOnlyRoot: withOptions("--read-only"),
    memoryLimit: (bytes) => withOptions(`--memory ${bytes}`),
    checkout: served.checkout,
    publishAction: served.publishAction,
    infrastructure: {
      missingImage: stand.missingImage,
      holdPlaces: async () => {
        held = true;
        const letGo = await stand.holdPods(hold);
        return async () => {
          held = false;
          await letGo();
        };
      },
      vanish: async ({ jobKey }) => {
        const pod = (await list("pods")).find(
          ({ metadata }) => metadata?.annotations?.[ANNOTATION.jobKey] === jobKey,
        );
        await admin.remove("pods", namespace, pod?.metadata?.name ?? "", { graceSeconds: 0 });
      },
      cutOff: async () => {
        road.cut();
        return async () => road.resume();
      },
    },
    close: async () => {
      for (const { metadata } of await list("jobs"))
        await admin.remove("jobs", namespace, metadata?.name ?? "");
      for (const { metadata } of await list("pods"))
        await admin.remove("pods", namespace, metadata?.name ?? "", { graceSeconds: 0 });
      await Promise.all(executors.map((executor) => executor.close()));
      await road.close();
      await served.close();
    },
  };
}
