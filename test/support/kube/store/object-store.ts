/**
 * The records of the test cluster: objects by resource, one resource version over all, and the history of changes that
 * watches read. It knows no rules; those are the registry's. Stored objects are never changed in place.
 */
import { ApiError, tooOld } from "../api-error.ts";
import type { KubeObject, ObjectOf } from "../cluster-object.ts";

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";

export interface Change {
  readonly version: number;
  readonly type: ChangeType;
  readonly resource: string;
  /** As it is after the change; of a deletion the last state, under the version of the deletion. */
  readonly object: KubeObject;
  readonly before?: KubeObject;
}

export type ChangeListener = (change: Change) => void;

export class ObjectStore {
  readonly #objects = new Map<string, Map<string, KubeObject>>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #maxHistory: number;
  #history: Change[] = [];
  /** Changes up to this version are forgotten. */
  #forgotten: number;
  #version: number;

  constructor(maxHistory: number, firstVersion = 1000) {
    this.#maxHistory = maxHistory;
    this.#version = firstVersion;
    this.#forgotten = firstVersion;
  }

  get version(): number {
    return this.#version;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  get<R extends string>(resource: R, namespace: string | undefined, name: string): ObjectOf<R> | undefined {
    return this.#objects.get(resource)?.get(keyOf(namespace, name)) as ObjectOf<R> | undefined;
  }

  /** In the order of namespace and name, as Kubernetes lists them. */
  list<R extends string>(resource: R, namespace?: string): ObjectOf<R>[] {
    const found = [...(this.#objects.get(resource) ?? [])].filter(
      ([, object]) => namespace === undefined || object.metadata.namespace === namespace,
    );
    found.sort(([a], [b]) => (a < b ? -1 : 1));
    return found.map(([, object]) => object as ObjectOf<R>);
  }

  /** In no order, without a copy; for those inside who look at all of them. */
  values<R extends string>(resource: R): Iterable<ObjectOf<R>> {
    return (this.#objects.get(resource)?.values() ?? []) as Iterable<ObjectOf<R>>;
  }

  put(resource: string, object: KubeObject): KubeObject {
    const of = this.#of(resource);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = of.get(key);
    const stored = this.#stamp(object);
    of.set(key, stored);
    this.#tell({
      version: this.#version,
      type: before === undefined ? "ADDED" : "MODIFIED",
      resource,
      object: stored,
      ...(before === undefined ? {} : { before }),
    });
    return stored;
  }

  remove(resource: string, object: KubeObject): KubeObject {
    const of = this.#of(resource);
    const key = keyOf(object.metadata.namespace, object.metadata.name);
    const before = of.get(key);
    of.delete(key);
    const last = this.#stamp(object);
    this.#tell({
      version: this.#version,
      type: "DELETED",
      resource,
      object: last,
      ...(before === undefined ? {} : { before }),
    });
    return last;
  }

  /** Changes of a resource after that version. Throws 410 if some of them are forgotten, 504 if it has not come yet. */
  changesAfter(resource: string, version: number): Change[] {
    if (version < this.#forgotten) throw tooOld(String(version), this.#forgotten);
    if (version > this.#version) throw tooLarge(version, this.#version);
    return this.#history.filter((change) => change.version > version && change.resource === resource);
  }

  /** Forgets all changes up to now: a watch from an older version is 410 Gone. */
  compact(): void {
    this.#history = [];
    this.#forgotten = this.#version;
  }

  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #of(resource: string): Map<string, KubeObject> {
    let of = this.#objects.get(resource);
    if (of === undefined) {
      of = new Map();
      this.#objects.set(resource, of);
    }
    return of;
  }

  #stamp(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #tell(change: Change): void {
    this.#history.push(change);
    if (this.#history.length > this.#maxHistory * 1.2) {
      const cut = this.#history.splice(0, this.#history.length - this.#maxHistory);
      this.#forgotten = cut.at(-1)?.version ?? this.#forgotten;
    }
    for (const listener of [...this.#listeners]) listener(change);
  }
}

function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ""}/${name}`;
}

function tooLarge(asked: number, current: number): ApiError {
  return new ApiError(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}
