import type { Job } from "kubernetes-types/batch/v1.js";
import type { Event, Namespace, PersistentVolumeClaim, Pod, Secret } from "kubernetes-types/core/v1.js";

/** The kinds of objects that are asked for, with what the API server calls them. */
export interface KubeKinds {
  readonly jobs: Job;
  readonly pods: Pod;
  readonly secrets: Secret;
  readonly events: Event;
  readonly namespaces: Namespace;
  readonly persistentvolumeclaims: PersistentVolumeClaim;
}

export type KubeKind = keyof KubeKinds;

const GROUPS: Readonly<Record<KubeKind, string>> = {
  jobs: "/apis/batch/v1",
  pods: "/api/v1",
  secrets: "/api/v1",
  events: "/api/v1",
  namespaces: "/api/v1",
  persistentvolumeclaims: "/api/v1",
};

/** Path of a collection, or of one object in it. */
export function kubePath(kind: KubeKind, namespace: string, name?: string): string {
  const place = kind === "namespaces" ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${GROUPS[kind]}${place}/${kind}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}
