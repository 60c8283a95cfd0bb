/** Ends what nobody owns any more: dependents of what is gone, by the owner's way of going; and the content of namespaces. */
import type { Clock } from "../../../../src/clock.ts";
import type { KubeObject } from "../cluster-object.ts";
import type { Registry } from "../registry.ts";
import { kindOf, RESOURCE_KINDS } from "../resource-kind.ts";
import { WorkQueue } from "./work-queue.ts";

interface Dependent {
  readonly resource: string;
  readonly object: KubeObject;
}

export class GarbageCollector {
  readonly #registry: Registry;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  /** By the owner's uid, then by the dependent's. */
  readonly #dependents = new Map<string, Map<string, Dependent>>();
  readonly #live = new Map<string, Dependent>();

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry;
    this.#queue = new WorkQueue(clock, (uid) => this.#look(uid));
    this.#unsubscribe = registry.store.subscribe(({ resource, type, object }) => {
      const { uid, ownerReferences = [], namespace } = object.metadata;
      if (type === "DELETED") this.#live.delete(uid);
      else this.#live.set(uid, { resource, object });
      for (const owner of ownerReferences) {
        const of = this.#dependents.get(owner.uid) ?? new Map<string, Dependent>();
        if (type === "DELETED") of.delete(uid);
        else of.set(uid, { resource, object });
        if (of.size === 0) this.#dependents.delete(owner.uid);
        else this.#dependents.set(owner.uid, of);
        this.#queue.add(owner.uid);
      }
      this.#queue.add(uid);
      if (type === "DELETED" && namespace !== undefined) {
        const space = registry.store.get("namespaces", undefined, namespace);
        if (space?.metadata.deletionTimestamp !== undefined) this.#queue.add(space.metadata.uid);
      }
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #look(uid: string): void {
    const owner = this.#live.get(uid);
    const dependents = [...(this.#dependents.get(uid)?.values() ?? [])];
    if (owner === undefined) {
      for (const one of dependents) this.#ownerIsGone(one, uid);
      return;
    }
    // An owner that never was: upstream looks it up, finds none, and collects.
    for (const { uid: of } of owner.object.metadata.ownerReferences ?? []) {
      if (!this.#live.has(of)) this.#ownerIsGone(owner, of);
    }
    const { metadata } = owner.object;
    if (metadata.deletionTimestamp === undefined) return;
    if (owner.resource === "namespaces") this.#emptyNamespace(owner.object);
    if (metadata.finalizers?.includes("orphan") === true) {
      for (const one of dependents) this.#dropReference(one, uid);
      this.#dropFinalizer(owner, "orphan");
    } else if (metadata.finalizers?.includes("foregroundDeletion") === true) {
      for (const one of dependents) this.#delete(one);
      const left = [...(this.#dependents.get(uid)?.values() ?? [])].filter(({ object }) =>
        object.metadata.ownerReferences?.some(
          (reference) => reference.uid === uid && reference.blockOwnerDeletion === true,
        ),
      );
      if (left.length === 0) this.#dropFinalizer(owner, "foregroundDeletion");
    }
  }

  /** A dependent with another owner that lives only loses the reference. */
  #ownerIsGone(one: Dependent, uid: string): void {
    const others = (one.object.metadata.ownerReferences ?? []).filter(
      (reference) => reference.uid !== uid && this.#live.has(reference.uid),
    );
    if (others.length > 0) this.#dropReference(one, uid);
    else this.#delete(one);
  }

  #delete({ resource, object }: Dependent): void {
    const { namespace, name, uid, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined) return;
    if (this.#registry.store.get(resource, namespace, name)?.metadata.uid !== uid) return;
    this.#registry.delete(kindOf(resource), namespace, name, { propagationPolicy: "Background" });
  }

  #dropReference({ resource, object }: Dependent, uid: string): void {
    this.#registry.modify(resource, object.metadata.namespace, object.metadata.name, ({ metadata }) => {
      const rest = (metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
      if (rest.length === 0) delete metadata.ownerReferences;
      else metadata.ownerReferences = rest;
    });
    const of = this.#dependents.get(uid);
    of?.delete(object.metadata.uid);
    if (of?.size === 0) this.#dependents.delete(uid);
  }

  #dropFinalizer({ resource, object }: Dependent, finalizer: string): void {
    this.#registry.modify(resource, object.metadata.namespace, object.metadata.name, ({ metadata }) => {
      const rest = (metadata.finalizers ?? []).filter((one) => one !== finalizer);
      if (rest.length === 0) delete metadata.finalizers;
      else metadata.finalizers = rest;
    });
  }

  #emptyNamespace(space: KubeObject): void {
    const { name } = space.metadata;
    let left = 0;
    for (const kind of RESOURCE_KINDS.filter((one) => one.namespaced && one.readOnly !== true)) {
      for (const object of this.#registry.store.list(kind.resource, name)) {
        left += 1;
        this.#delete({ resource: kind.resource, object });
      }
    }
    if (left === 0) this.#registry.store.remove("namespaces", space);
    else this.#queue.addAfter(space.metadata.uid, 20);
  }
}
