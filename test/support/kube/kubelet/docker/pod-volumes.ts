/** Folders on the host that stand for the volumes of a pod, and where each container sees them. */
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type Docker from "dockerode";
import type { Container, Volume } from "kubernetes-types/core/v1.js";
import type { PodObject } from "../../cluster-object.ts";
import type { Registry } from "../../registry.ts";
import { volumeFiles } from "../mounted-file.ts";
import { expanded, fieldOfPod, resourceOf } from "./container-env.ts";

export interface PodFolders {
  /** Of this pod alone. */
  readonly pod: string;
  /** Of claims, which outlive pods. */
  readonly claims: string;
}

/** Makes the folders. Gives the text of a `FailedMount` event where something is missing. */
export function makeVolumes(registry: Registry, pod: PodObject, folders: PodFolders): string | undefined {
  const { fsGroup } = pod.spec.securityContext ?? {};
  for (const volume of pod.spec.volumes ?? []) {
    const folder = volumeFolder(pod, volume, folders);
    if (volume.hostPath !== undefined) continue;
    mkdirSync(folder, { recursive: true });
    const files = filesOf(registry, pod, volume);
    if (files === undefined) {
      const [what, name] =
        volume.secret === undefined
          ? ["configmap", volume.configMap?.name]
          : ["secret", volume.secret.secretName];
      return `MountVolume.SetUp failed for volume "${volume.name}" : ${what} "${name}" not found`;
    }
    if (volume.emptyDir !== undefined || claimOf(pod, volume) !== undefined) {
      chmodSync(folder, fsGroup === undefined ? 0o777 : 0o2777);
      if (fsGroup !== undefined) chownSync(folder, 0, fsGroup);
      continue;
    }
    chmodSync(folder, 0o755);
    const mode =
      volume.secret?.defaultMode ?? volume.configMap?.defaultMode ?? volume.projected?.defaultMode ?? 0o644;
    const items = volume.secret?.items ?? volume.configMap?.items ?? [];
    for (const [path, bytes] of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, bytes);
      const own = items.find((item) => item.path === path)?.mode ?? mode;
      chmodSync(file, fsGroup === undefined ? own : own | 0o040);
      if (fsGroup !== undefined) chownSync(file, 0, fsGroup);
    }
  }
  return undefined;
}

export function containerMounts(
  pod: PodObject,
  container: Container,
  folders: PodFolders,
  env: ReadonlyMap<string, string>,
): Docker.MountSettings[] {
  const mounts: Docker.MountSettings[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name);
    if (volume === undefined) continue;
    const folder = volumeFolder(pod, volume, folders);
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expanded(mount.subPathExpr, env);
    const source = join(folder, subPath ?? "");
    if (!existsSync(source)) {
      mkdirSync(source, { recursive: true });
      chmodSync(source, 0o777);
    }
    const fixed = volume.secret ?? volume.configMap ?? volume.projected ?? volume.downwardAPI;
    mounts.push({
      Type: "bind",
      Source: source,
      Target: mount.mountPath,
      ReadOnly: mount.readOnly === true || fixed !== undefined,
    });
  }
  const message = messageFile(container, folders);
  mkdirSync(dirname(message), { recursive: true });
  writeFileSync(message, "");
  chmodSync(message, 0o666);
  mounts.push({
    Type: "bind",
    Source: message,
    Target: container.terminationMessagePath ?? "/dev/termination-log",
    ReadOnly: false,
  });
  return mounts;
}

export function messageFile({ name }: Container, folders: PodFolders): string {
  return join(folders.pod, "containers", name, "termination-log");
}

function volumeFolder(pod: PodObject, volume: Volume, folders: PodFolders): string {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  const claim = claimOf(pod, volume);
  if (claim !== undefined) return join(folders.claims, pod.metadata.namespace ?? "", claim);
  return join(folders.pod, "volumes", volume.name);
}

function claimOf({ metadata }: PodObject, volume: Volume): string | undefined {
  if (volume.ephemeral !== undefined) return `${metadata.name}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName;
}

function filesOf(registry: Registry, pod: PodObject, volume: Volume): Map<string, Buffer> | undefined {
  const files = volumeFiles(registry, pod.metadata.namespace ?? "", volume);
  const downward = [
    ...(volume.downwardAPI?.items ?? []),
    ...(volume.projected?.sources ?? []).flatMap((source) => source.downwardAPI?.items ?? []),
  ];
  for (const { path, fieldRef, resourceFieldRef } of downward) {
    const of = pod.spec.containers.find(({ name }) => name === resourceFieldRef?.containerName);
    const text =
      fieldRef !== undefined
        ? fieldOfPod(pod, fieldRef.fieldPath)
        : of === undefined
          ? ""
          : resourceOf(of, resourceFieldRef?.resource ?? "");
    files?.set(path, Buffer.from(text));
  }
  return files;
}
