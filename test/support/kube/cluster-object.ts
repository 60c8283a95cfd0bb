/** Objects as the test API server keeps them: plain JSON, never changed in place once they are stored. */
import type { JobSpec, JobStatus } from "kubernetes-types/batch/v1.js";
import type { NodeSpec, NodeStatus, PodSpec, PodStatus } from "kubernetes-types/core/v1.js";

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
  readonly blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  /** A number over all objects of the cluster that only grows. */
  resourceVersion: string;
  /** Grows with each change of the spec; absent for kinds without one. */
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** An object on its way in: names may be missing still. */
export interface NewObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: Partial<ObjectMeta>;
  readonly [field: string]: unknown;
}

export interface PodObject extends KubeObject {
  spec: PodSpec;
  status: PodStatus;
}

export interface JobObject extends KubeObject {
  spec: JobSpec;
  status: JobStatus & { uncountedTerminatedPods?: object; terminating?: number; ready?: number };
}

export interface NodeObject extends KubeObject {
  spec: NodeSpec;
  status: NodeStatus;
}

export interface DataObject extends KubeObject {
  data?: Record<string, string>;
  immutable?: boolean;
}

export interface EventObject extends KubeObject {
  involvedObject: { kind?: string; name?: string; namespace?: string; uid?: string; fieldPath?: string };
  reason: string;
  message: string;
  type: string;
  count: number;
}

/** The kinds that parts of the test cluster know from inside, by the plural name of their resource. */
export interface KnownObjects {
  pods: PodObject;
  jobs: JobObject;
  nodes: NodeObject;
  secrets: DataObject;
  configmaps: DataObject;
  events: EventObject;
}

export type ObjectOf<R extends string> = R extends keyof KnownObjects ? KnownObjects[R] : KubeObject;

/** A moment as Kubernetes writes it: whole seconds, UTC. */
export function kubeTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace(/\.\d+Z$/, "Z");
}
