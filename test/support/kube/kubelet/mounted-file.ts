/** What a process in a pod would read from a file of a Secret or ConfigMap volume. */
import type { Volume } from "kubernetes-types/core/v1.js";
import type { PodObject } from "../cluster-object.ts";
import type { Registry } from "../registry.ts";

export function readMountedFile(
  registry: Registry,
  pod: PodObject,
  container: string,
  path: string,
): string | undefined {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const mounts = all.find(({ name }) => name === container)?.volumeMounts ?? [];
  const mount = [...mounts]
    .sort((a, b) => b.mountPath.length - a.mountPath.length)
    .find(({ mountPath }) => path === mountPath || path.startsWith(`${mountPath.replace(/\/$/, "")}/`));
  const volume = pod.spec.volumes?.find(({ name }) => name === mount?.name);
  if (mount === undefined || volume === undefined) return undefined;
  const below = path.slice(mount.mountPath.length).replace(/^\//, "");
  const file = [mount.subPath, below].filter((part) => part !== undefined && part !== "").join("/");
  return volumeFiles(registry, pod.metadata.namespace ?? "", volume)
    ?.get(file)
    ?.toString("utf8");
}

/** The files of a Secret or ConfigMap volume by their path in it; undefined if the object is not there. */
export function volumeFiles(
  registry: Registry,
  namespace: string,
  volume: Volume,
): Map<string, Buffer> | undefined {
  const files = new Map<string, Buffer>();
  const sources = volume.projected?.sources ?? [volume];
  for (const source of sources) {
    const secret = source.secret;
    const name =
      secret === undefined
        ? undefined
        : "secretName" in secret
          ? secret.secretName
          : (secret as { readonly name?: string }).name;
    const items = secret?.items ?? source.configMap?.items;
    const data =
      name !== undefined
        ? dataOf(registry, "secrets", namespace, name)
        : source.configMap?.name !== undefined
          ? dataOf(registry, "configmaps", namespace, source.configMap.name)
          : new Map<string, Buffer>();
    if (data === undefined) {
      if (secret?.optional === true || source.configMap?.optional === true) continue;
      return undefined;
    }
    if (items === undefined) for (const [key, bytes] of data) files.set(key, bytes);
    for (const { key, path } of items ?? []) {
      const bytes = data.get(key);
      if (bytes !== undefined) files.set(path, bytes);
    }
  }
  return files;
}

export function dataOf(
  registry: Registry,
  resource: "secrets" | "configmaps",
  namespace: string,
  name: string,
): Map<string, Buffer> | undefined {
  const found = registry.store.get(resource, namespace, name);
  if (found === undefined) return undefined;
  const encoding = resource === "secrets" ? "base64" : "utf8";
  return new Map(Object.entries(found.data ?? {}).map(([key, text]) => [key, Buffer.from(text, encoding)]));
}
