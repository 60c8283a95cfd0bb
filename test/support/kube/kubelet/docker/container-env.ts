/** The environment of a container as the kubelet makes it, and `$(NAME)` in its command. */
import type { Container, EnvVarSource } from "kubernetes-types/core/v1.js";
import type { PodObject } from "../../cluster-object.ts";
import { quantity } from "../../controllers/quantity.ts";
import type { Registry } from "../../registry.ts";
import { dataOf } from "../mounted-file.ts";

/** What keeps a container from being made: the kubelet's `CreateContainerConfigError`. */
export class ContainerConfigError extends Error {}

export function containerEnv(
  registry: Registry,
  pod: PodObject,
  container: Container,
): ReadonlyMap<string, string> {
  const namespace = pod.metadata.namespace ?? "";
  const env = new Map([
    ["KUBERNETES_SERVICE_HOST", "10.96.0.1"],
    ["KUBERNETES_SERVICE_PORT", "443"],
    ["HOSTNAME", pod.metadata.name],
  ]);
  for (const { prefix = "", secretRef, configMapRef } of container.envFrom ?? []) {
    const data =
      secretRef !== undefined
        ? dataOf(registry, "secrets", namespace, secretRef.name ?? "")
        : dataOf(registry, "configmaps", namespace, configMapRef?.name ?? "");
    if (data === undefined && (secretRef ?? configMapRef)?.optional !== true) {
      const [what, name] =
        secretRef === undefined ? ["configmap", configMapRef?.name] : ["secret", secretRef.name];
      throw new ContainerConfigError(`${what} "${name}" not found`);
    }
    for (const [key, value] of data ?? []) env.set(`${prefix}${key}`, value.toString("utf8"));
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const text =
      valueFrom === undefined ? expanded(value ?? "", env) : sourced(registry, pod, container, valueFrom);
    if (text !== undefined) env.set(name, text);
  }
  return env;
}

/** `$(NAME)` becomes the variable's value where there is one; `$$` is a dollar. */
export function expanded(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (whole, name: string | undefined) =>
    name === undefined ? "$" : (env.get(name) ?? whole),
  );
}

function sourced(
  registry: Registry,
  pod: PodObject,
  container: Container,
  { secretKeyRef, configMapKeyRef, fieldRef, resourceFieldRef }: EnvVarSource,
): string | undefined {
  const namespace = pod.metadata.namespace ?? "";
  if (fieldRef !== undefined) return fieldOfPod(pod, fieldRef.fieldPath);
  if (resourceFieldRef !== undefined) return resourceOf(container, resourceFieldRef.resource);
  const wanted = secretKeyRef ?? configMapKeyRef;
  if (wanted === undefined) return undefined;
  const [resource, what] =
    secretKeyRef === undefined ? (["configmaps", "configmap"] as const) : (["secrets", "secret"] as const);
  const data = dataOf(registry, resource, namespace, wanted.name ?? "");
  const value = data?.get(wanted.key);
  if (value !== undefined) return value.toString("utf8");
  if (wanted.optional === true) return undefined;
  const Kind = what === "secret" ? "Secret" : "ConfigMap";
  throw new ContainerConfigError(
    data === undefined
      ? `${what} "${wanted.name}" not found`
      : `couldn't find key ${wanted.key} in ${Kind} ${namespace}/${wanted.name}`,
  );
}

/** A field of the downward API. */
export function fieldOfPod({ metadata, spec, status }: PodObject, path: string): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null)
    return metadata[keyed[1] === "labels" ? "labels" : "annotations"]?.[keyed[2] ?? ""] ?? "";
  const all = (values: Readonly<Record<string, string>> = {}) =>
    Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .join("\n");
  const fields: Readonly<Record<string, string | undefined>> = {
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "metadata.uid": metadata.uid,
    "metadata.labels": all(metadata.labels),
    "metadata.annotations": all(metadata.annotations),
    "spec.nodeName": spec.nodeName,
    "spec.serviceAccountName": spec.serviceAccountName,
    "status.podIP": status.podIP,
    "status.hostIP": status.hostIP,
  };
  return fields[path] ?? "";
}

/** `limits.memory` in bytes, `limits.cpu` in whole CPUs. */
export function resourceOf({ resources = {} }: Container, path: string): string {
  const [which, name = ""] = path.split(".");
  const text = (which === "limits" ? resources.limits : resources.requests)?.[name];
  return String(Math.ceil(quantity(text ?? "0") ?? 0));
}
