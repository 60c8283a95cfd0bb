/** What a deletion does to an object: grace, finalizers, propagation; pure. */
import { ApiError } from "../api-error.ts";
import type { KubeObject, ObjectMeta } from "../cluster-object.ts";
import { kubeTime, type PodObject } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export type Deletion =
  | { readonly kind: "gone"; readonly object: KubeObject }
  | { readonly kind: "going"; readonly object: KubeObject }
  /** It goes already, and this changes nothing. */
  | { readonly kind: "unchanged"; readonly object: KubeObject };

/** Jobs orphan their pods where a client says nothing: upstream `jobStrategy.DefaultGarbageCollectionPolicy` for batch/v1. */
function defaultPolicy(kind: ResourceKind): NonNullable<DeleteOptions["propagationPolicy"]> {
  return kind.resource === "jobs" ? "Orphan" : "Background";
}

export function deletionOf(
  kind: ResourceKind,
  object: KubeObject,
  options: DeleteOptions,
  nowMs: number,
): Deletion {
  checkPreconditions(kind, object.metadata, options);
  const grace = kind.resource === "pods" ? podGrace(object as PodObject, options) : 0;
  const policy = options.propagationPolicy ?? defaultPolicy(kind);
  const finalizers = new Set(object.metadata.finalizers ?? []);
  const added = policy === "Orphan" ? "orphan" : policy === "Foreground" ? "foregroundDeletion" : undefined;
  for (const other of ["orphan", "foregroundDeletion"]) if (other !== added) finalizers.delete(other);
  if (added !== undefined) finalizers.add(added);

  const going = object.metadata.deletionTimestamp !== undefined;
  const had = object.metadata.deletionGracePeriodSeconds ?? 0;
  if (grace === 0 && finalizers.size === 0)
    return { kind: "gone", object: withDeletion(object, 0, nowMs, finalizers) };
  if (going && grace >= had && sameSet(finalizers, object.metadata.finalizers)) {
    return { kind: "unchanged", object };
  }
  return {
    kind: "going",
    object: withDeletion(object, going ? Math.min(grace, had) : grace, nowMs, finalizers),
  };
}

function withDeletion(
  object: KubeObject,
  grace: number,
  nowMs: number,
  finalizers: ReadonlySet<string>,
): KubeObject {
  const { finalizers: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(metadata.generation === undefined || metadata.deletionTimestamp !== undefined
        ? {}
        : { generation: metadata.generation + 1 }),
      deletionTimestamp:
        metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === grace
          ? metadata.deletionTimestamp
          : kubeTime(nowMs + grace * 1000),
      deletionGracePeriodSeconds: grace,
      ...(finalizers.size === 0 ? {} : { finalizers: [...finalizers] }),
    },
  };
}

/** A pod that no kubelet has, or that has ended, needs no grace: upstream `podStrategy.CheckGracefulDelete`. */
function podGrace(pod: PodObject, options: DeleteOptions): number {
  if (pod.spec.nodeName === undefined || pod.spec.nodeName === "") return 0;
  if (pod.status.phase === "Succeeded" || pod.status.phase === "Failed") return 0;
  return Math.max(0, options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30);
}

function checkPreconditions(
  kind: ResourceKind,
  metadata: ObjectMeta,
  { preconditions = {} }: DeleteOptions,
): void {
  const { uid, resourceVersion } = preconditions;
  const of = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const failed = (what: string, asked: string, is: string) =>
    new ApiError(
      409,
      "Conflict",
      `Operation cannot be fulfilled on ${of} "${metadata.name}": the ${what} in the precondition (${asked}) does not match the ${what} in record (${is}). The object might have been deleted and then recreated`,
      { name: metadata.name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.kind },
    );
  if (uid !== undefined && uid !== metadata.uid) throw failed("UID", uid, metadata.uid);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) {
    throw failed("ResourceVersion", resourceVersion, metadata.resourceVersion);
  }
}

function sameSet(set: ReadonlySet<string>, list: readonly string[] | undefined): boolean {
  return set.size === (list?.length ?? 0) && (list ?? []).every((one) => set.has(one));
}
