import { resolve } from "node:path";
import type { JobHost } from "../builds/worker/job-host.ts";
import type { Clock } from "../clock.ts";
import type { RunnerClass } from "../config/runner-classes.ts";
import type { Config } from "../config/settings.ts";
import { ExecError } from "../errors.ts";
import type { KubeClient } from "../executors/kubernetes/kube-client.ts";
import { readSettingFile } from "./read-setting-file.ts";
import type { ContainerHostParts } from "./start-worker.ts";

/** Places for jobs in pods of a cluster, by the settings. Rejects with `InvalidSpec` where they make no sense. */
export async function startKubernetesHost({ shared, ...host }: ContainerHostParts): Promise<JobHost> {
  const { config, clock, mailbox } = shared;
  const [{ KubernetesExecutor }, { RegistryImageConfigs }, { RegistryClient }, { containerJobHost }] =
    await Promise.all([
      import("../executors/kubernetes/kubernetes-executor.ts"),
      import("../executors/kubernetes/image-config.ts"),
      import("../executors/kubernetes/registry-client.ts"),
      import("../builds/worker/container-job-host.ts"),
    ]);
  const { client, classes } = await openCluster(config, shared.host.cwd, shared.version, clock);
  return containerJobHost({
    ...host,
    executor: new KubernetesExecutor({
      client,
      mailbox,
      classes,
      installation: host.installation,
      images: new RegistryImageConfigs({ registry: new RegistryClient({ fetch }), client, clock }),
      clock,
    }),
  });
}

export interface Cluster {
  readonly client: KubeClient;
  readonly classes: readonly RunnerClass[];
}

/** The cluster and the runner classes of the settings; nothing is asked of it. Rejects with `InvalidSpec`. */
export async function openCluster(
  config: Config,
  cwd: string,
  version: string,
  clock: Clock,
): Promise<Cluster> {
  const file = config["kubernetes.classes"];
  if (file === undefined) {
    throw new ExecError(
      "InvalidSpec",
      "worker.executors names kubernetes, and kubernetes.classes no file of runner classes.",
    );
  }
  const [{ readRunnerClasses }, { HttpKubeClient }, { loadKubeAccess }] = await Promise.all([
    import("../config/runner-classes.ts"),
    import("../executors/kubernetes/http-kube-client.ts"),
    import("../executors/kubernetes/kube-access.ts"),
  ]);
  const path = resolve(cwd, file);
  const classes = readRunnerClasses(file, await readSettingFile("kubernetes.classes", path), {
    namespace: config["kubernetes.namespace"],
    kitImage: config["kubernetes.kit-image"] ?? `slipway/runner:${version}`,
  });
  const kubeconfig = config["kubernetes.kubeconfig"];
  const context = config["kubernetes.context"];
  const client = new HttpKubeClient({
    clock,
    access: () =>
      loadKubeAccess({
        ...(kubeconfig === undefined ? {} : { kubeconfig: resolve(cwd, kubeconfig) }),
        ...(context === undefined ? {} : { context }),
      }),
  });
  return { client, classes };
}
