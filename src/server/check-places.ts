import { systemClock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import { ExecError } from "../errors.ts";
import { addressText } from "../executors/docker/engine-address.ts";
import { readKitDescription } from "../executors/kit/kit-description.ts";
import { CLUSTER_RULES, type KubeRule, NAMESPACE_RULES } from "../executors/kubernetes/kube-permissions.ts";
import { version } from "../version.ts";
import { daemonAddress, kitSource, openDaemon } from "./docker-host.ts";
import { openCluster } from "./kubernetes-host.ts";
import type { ServerHost } from "./running-server.ts";

const LIMIT_MS = 20_000;

/** Whether the daemon answers, and its jobs' kit can be had. Throws the reason where not. */
export async function checkDocker(config: Config, host: ServerHost): Promise<string> {
  const engine = await openDaemon(config, host.env, systemClock);
  try {
    const { podman, arch } = await engine.info(AbortSignal.timeout(LIMIT_MS));
    const source = kitSource(config["docker.kit"], host.kitFolder, version);
    const kit =
      source.kind === "folder"
        ? `of ${(await readKitDescription(source.folder)).version} in ${source.folder}`
        : `image ${source.reference}`;
    if (source.kind === "image" && (await engine.inspectImage(source.reference)) === undefined) {
      throw new ExecError(
        "NotFound",
        `The daemon has no image ${source.reference}, which is the kit of jobs: pull it, or set docker.kit.`,
      );
    }
    return `${addressText(daemonAddress(config))}, ${podman ? "podman" : "Docker"} on ${arch}; kit: ${kit}`;
  } finally {
    engine.close();
  }
}

/** Whether the API answers and allows what workers ask of it, in each namespace that classes name. Throws where not. */
export async function checkKubernetes(config: Config, host: ServerHost): Promise<string> {
  const { client, classes } = await openCluster(config, host.cwd, version, systemClock);
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    // One namespace for each project: those are made, or asked for, later.
    const named = [...new Set(classes.map(({ namespace }) => namespace))].filter(
      (name) => !name.includes("{"),
    );
    const makes = classes.some(({ createNamespace }) => createNamespace);
    const missing = [
      ...(makes ? await notAllowed(CLUSTER_RULES, undefined) : []),
      ...(await Promise.all(named.map((namespace) => notAllowed(NAMESPACE_RULES, namespace)))).flat(),
    ];
    if (missing.length > 0)
      throw new ExecError("Forbidden", `The cluster does not allow to ${missing.join(", to ")}.`);
    return `${classes.length} runner classes; all is allowed in ${named.join(", ") || "the cluster"}`;
  } finally {
    client.close();
  }

  async function notAllowed(rules: readonly KubeRule[], namespace: string | undefined): Promise<string[]> {
    const wishes = rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) => resources.flatMap((path) => verbs.map((verb) => ({ group, path, verb })))),
    );
    const answers = await Promise.all(
      wishes.map(async ({ group, path, verb }) => {
        const [resource = "", subresource] = path.split("/");
        const asked = { group, resource, ...(subresource === undefined ? {} : { subresource }) };
        return await client.may(verb, asked, namespace, signal);
      }),
    );
    const where = namespace === undefined ? "" : ` in ${namespace}`;
    return wishes
      .filter((_, index) => answers[index] === false)
      .map(({ verb, path }) => `${verb} ${path}${where}`);
  }
}
