/** A container of a pod as the Docker daemon is told of it. */
import type Docker from "dockerode";
import type { Container } from "kubernetes-types/core/v1.js";
import type { PodObject } from "../../cluster-object.ts";
import { quantity } from "../../controllers/quantity.ts";
import { ContainerConfigError, expanded } from "./container-env.ts";

export interface ContainerPlace {
  /** The container that holds the pod's network. */
  readonly sandboxId: string;
  readonly mounts: readonly Docker.MountSettings[];
  readonly env: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  /** Of the image: who it runs as. */
  readonly imageUser: string;
}

/** The least memory that Docker takes as a limit. */
const LEAST_MEMORY_BYTES = 6 * 1024 * 1024;

export function containerOptions(
  pod: PodObject,
  container: Container,
  place: ContainerPlace,
): Docker.ContainerCreateOptions {
  const own = container.securityContext ?? {};
  const shared = pod.spec.securityContext ?? {};
  const asked = own.runAsUser ?? shared.runAsUser;
  const group = own.runAsGroup ?? shared.runAsGroup;
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) === true)
    checkNonRoot(pod, container, asked, place.imageUser);
  const user = asked ?? userOf(place.imageUser);
  const groups = [
    ...(shared.supplementalGroups ?? []),
    ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
  ];
  const { limits = {}, requests = {} } = container.resources ?? {};
  const memory = limits.memory === undefined ? undefined : quantity(limits.memory);
  const cpu = limits.cpu === undefined ? undefined : quantity(limits.cpu);
  const shares = quantity(requests.cpu ?? "0") ?? 0;
  const words = (list: readonly string[]) => list.map((one) => expanded(one, place.env));
  return {
    Image: container.image ?? "",
    Env: [...place.env].map(([name, value]) => `${name}=${value}`),
    Labels: { ...place.labels },
    ...(container.command === undefined ? {} : { Entrypoint: words(container.command) }),
    ...(container.args === undefined ? {} : { Cmd: words(container.args) }),
    ...(container.workingDir === undefined ? {} : { WorkingDir: container.workingDir }),
    ...(user === undefined ? {} : { User: group === undefined ? String(user) : `${user}:${group}` }),
    HostConfig: {
      NetworkMode: `container:${place.sandboxId}`,
      ...(pod.spec.shareProcessNamespace === true ? { PidMode: `container:${place.sandboxId}` } : {}),
      Mounts: [...place.mounts],
      ReadonlyRootfs: own.readOnlyRootFilesystem === true,
      Privileged: own.privileged === true,
      CapAdd: [...(own.capabilities?.add ?? [])],
      CapDrop: [...(own.capabilities?.drop ?? [])],
      GroupAdd: groups.map(String),
      SecurityOpt: own.allowPrivilegeEscalation === false ? ["no-new-privileges"] : [],
      ...(memory === undefined
        ? {}
        : { Memory: Math.max(memory, LEAST_MEMORY_BYTES), MemorySwap: Math.max(memory, LEAST_MEMORY_BYTES) }),
      ...(cpu === undefined ? {} : { NanoCpus: Math.round(cpu * 1e9) }),
      ...(shares === 0 ? {} : { CpuShares: Math.max(2, Math.round(shares * 1024)) }),
      LogConfig: { Type: "json-file", Config: {} },
    },
  };
}

/** Kubelets take the user's number from an image, and leave its group. */
function userOf(imageUser: string): number | undefined {
  const [who = "", group] = imageUser.split(":");
  return group !== undefined && /^\d+$/.test(who) ? Number(who) : undefined;
}

function checkNonRoot(
  pod: PodObject,
  { name }: Container,
  user: number | undefined,
  imageUser: string,
): void {
  const { metadata } = pod;
  const of = `(pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", container: ${name})`;
  if (user === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy ${of}`);
  if (user !== undefined) return;
  const [who = ""] = imageUser.split(":");
  if (who === "" || who === "0" || who === "root") {
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root ${of}`);
  }
  if (!/^\d+$/.test(who)) {
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${who}), cannot verify user is non-root ${of}`,
    );
  }
}
