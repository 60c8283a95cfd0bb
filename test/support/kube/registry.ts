/**
 * The rules of the API server over its records: what a create, update, patch or delete does to an object. Requests over
 * HTTP and the controllers go through here alike.
 */
import { randomUUID } from "node:crypto";
import type { Admission } from "./admission/admission.ts";
import {
  ApiError,
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  invalid,
  MODIFIED_SINCE,
  notFound,
} from "./api-error.ts";
import type { KubeObject, NewObject, ObjectOf } from "./cluster-object.ts";
import { kubeTime } from "./cluster-object.ts";
import { apiVersionOf, kindOf, type ResourceKind } from "./resource-kind.ts";
import { type DeleteOptions, deletionOf } from "./store/deletion.ts";
import { type PatchKind, patched } from "./store/object-patch.ts";
import type { ObjectStore } from "./store/object-store.ts";
import { plainCopy } from "./store/plain-copy.ts";

export interface WriteOptions {
  readonly user?: string;
  readonly dryRun?: boolean;
  /** `Strict` (unknown fields are 400), `Warn` or `Ignore`. */
  readonly fieldValidation?: string;
  /** Told what Kubernetes would say in a Warning header. */
  readonly warn?: (text: string) => void;
}

export class Registry {
  readonly store: ObjectStore;
  readonly admission: Admission;
  readonly now: () => number;
  readonly #random: () => number;

  constructor(store: ObjectStore, admission: Admission, now: () => number, random: () => number) {
    this.store = store;
    this.admission = admission;
    this.now = now;
    this.#random = random;
  }

  /** Five letters and digits, as Kubernetes makes them: no vowels and nothing alike. */
  suffix(): string {
    const letters = "bcdfghjklmnpqrstvwxz2456789";
    return Array.from({ length: 5 }, () => letters[Math.floor(this.#random() * letters.length)]).join("");
  }

  require<R extends string>(resource: R, namespace: string | undefined, name: string): ObjectOf<R> {
    const found = this.store.get(resource, namespace, name);
    if (found === undefined) throw notFound(kindOf(resource), name);
    return found;
  }

  create(
    kind: ResourceKind,
    namespace: string | undefined,
    body: NewObject,
    options: WriteOptions = {},
  ): KubeObject {
    const apiVersion = apiVersionOf(kind);
    if (body.kind !== undefined && body.kind !== kind.kind) {
      throw badRequest(
        `${body.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: no kind "${body.kind}" is registered for version "${apiVersion}"`,
      );
    }
    this.admission.decode(kind, body, options);
    const { generateName } = body.metadata ?? {};
    let name = body.metadata?.name ?? "";
    if (name === "" && generateName !== undefined) name = `${generateName.slice(0, 58)}${this.suffix()}`;
    const given = body.metadata?.namespace;
    if (kind.namespaced && given !== undefined && given !== "" && given !== namespace) {
      throw badRequest(
        `the namespace of the provided object does not match the namespace sent on the request`,
      );
    }
    if (body.metadata?.resourceVersion !== undefined && body.metadata.resourceVersion !== "") {
      throw new ApiError(500, "", "resourceVersion should not be set on objects to be created");
    }
    const draft = plainCopy(body) as KubeObject;
    draft.apiVersion = apiVersion;
    draft.kind = kind.kind;
    draft.metadata = {
      ...plainCopy(body.metadata ?? {}),
      name,
      ...(kind.namespaced && namespace !== undefined ? { namespace } : {}),
      uid: randomUUID(),
      resourceVersion: "",
      creationTimestamp: kubeTime(this.now()),
      ...(kind.counted ? { generation: 1 } : {}),
    };
    delete draft.metadata.deletionTimestamp;
    delete draft.metadata.deletionGracePeriodSeconds;
    this.#checkNamespace(kind, namespace, name);
    const admitted = this.admission.admit({ kind, object: draft, operation: "CREATE", ...options });
    if (this.store.get(kind.resource, namespace, name) !== undefined) throw alreadyExists(kind, name);
    if (options.dryRun === true) return admitted;
    return this.store.put(kind.resource, admitted);
  }

  /** PUT: of the whole object or of its status. */
  replace(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    body: NewObject,
    subresource: string | undefined,
    options: WriteOptions = {},
  ): KubeObject {
    this.admission.decode(kind, body, options);
    const before = this.require(kind.resource, namespace, name);
    const bodyName = body.metadata?.name;
    if (bodyName !== undefined && bodyName !== name) {
      throw badRequest(`the name of the object (${bodyName}) does not match the name on the URL (${name})`);
    }
    return this.#update(kind, before, plainCopy(body) as KubeObject, subresource, options);
  }

  patch(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    patch: unknown,
    how: PatchKind,
    subresource: string | undefined,
    options: WriteOptions = {},
  ): KubeObject {
    const before = this.require(kind.resource, namespace, name);
    const after = patched(plainCopy(before), plainCopy(patch), how) as KubeObject;
    this.admission.decode(kind, after, options);
    return this.#update(kind, before, after, subresource, options);
  }

  /** For controllers and kubelets: changes a draft of the object, unless it is gone. Told nothing: nothing is written. */
  modify<R extends string>(
    resource: R,
    namespace: string | undefined,
    name: string,
    change: (draft: ObjectOf<R>) => void,
  ): ObjectOf<R> | undefined {
    const before = this.store.get(resource, namespace, name);
    if (before === undefined) return undefined;
    const draft = plainCopy(before);
    change(draft);
    if (JSON.stringify(draft) === JSON.stringify(before)) return before;
    return this.#put(kindOf(resource), draft) as ObjectOf<R>;
  }

  delete(
    kind: ResourceKind,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
    write: WriteOptions = {},
  ): { readonly object: KubeObject; readonly gone: boolean } {
    const before = this.require(kind.resource, namespace, name);
    if (kind.resource === "namespaces") return this.#deleteNamespace(before);
    if (kind.resource === "jobs" && options.propagationPolicy === undefined) {
      write.warn?.(
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
      );
    }
    const deletion = deletionOf(kind, before, options, this.now());
    if (write.dryRun === true) return { object: deletion.object, gone: deletion.kind === "gone" };
    if (deletion.kind === "gone")
      return { object: this.store.remove(kind.resource, deletion.object), gone: true };
    if (deletion.kind === "unchanged") return { object: before, gone: false };
    return { object: this.store.put(kind.resource, deletion.object), gone: false };
  }

  #deleteNamespace(before: KubeObject): { readonly object: KubeObject; readonly gone: boolean } {
    if (before.metadata.deletionTimestamp !== undefined) {
      throw conflict(
        kindOf("namespaces"),
        before.metadata.name,
        "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.",
      );
    }
    const object = plainCopy(before);
    object.metadata.deletionTimestamp = kubeTime(this.now());
    object.status = { phase: "Terminating" };
    return { object: this.store.put("namespaces", object), gone: false };
  }

  #update(
    kind: ResourceKind,
    before: KubeObject,
    after: KubeObject,
    subresource: string | undefined,
    options: WriteOptions,
  ): KubeObject {
    const { name } = before.metadata;
    const version = after.metadata?.resourceVersion;
    if (version !== undefined && version !== "" && version !== before.metadata.resourceVersion) {
      throw conflict(kind, name, MODIFIED_SINCE);
    }
    const uid = after.metadata?.uid;
    if (uid !== undefined && uid !== "" && uid !== before.metadata.uid) {
      throw conflict(
        kind,
        name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${before.metadata.uid}`,
      );
    }
    const draft = subresource === "status" ? statusOf(before, after) : restOf(kind, before, after);
    if (subresource === undefined && before.metadata.deletionTimestamp !== undefined) {
      const had = new Set(before.metadata.finalizers ?? []);
      const added = (draft.metadata.finalizers ?? []).filter((one) => !had.has(one));
      if (added.length > 0) {
        throw invalid(kind, name, [
          {
            field: "metadata.finalizers",
            reason: "FieldValueForbidden",
            text: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
          },
        ]);
      }
    }
    const admitted =
      subresource === "status"
        ? draft
        : this.admission.admit({ kind, object: draft, before, operation: "UPDATE", ...options });
    if (options.dryRun === true || JSON.stringify(admitted) === JSON.stringify(before)) return admitted;
    return this.#put(kind, admitted);
  }

  /** An object that goes and has lost its last finalizer is gone; a pod only when its grace is over too. */
  #put(kind: ResourceKind, object: KubeObject): KubeObject {
    const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
    if (
      deletionTimestamp !== undefined &&
      finalizers.length === 0 &&
      deletionGracePeriodSeconds === 0 &&
      kind.resource !== "namespaces"
    ) {
      return this.store.remove(kind.resource, object);
    }
    return this.store.put(kind.resource, object);
  }

  #checkNamespace(kind: ResourceKind, namespace: string | undefined, name: string): void {
    if (!kind.namespaced || namespace === undefined) return;
    const found = this.store.get("namespaces", undefined, namespace);
    if (found === undefined) throw notFound(kindOf("namespaces"), namespace);
    if (found.metadata.deletionTimestamp !== undefined) {
      throw forbidden(
        kind,
        name,
        `unable to create new content in namespace ${namespace} because it is being terminated`,
      );
    }
  }
}

function statusOf(before: KubeObject, after: KubeObject): KubeObject {
  const draft = plainCopy(before);
  draft.status = plainCopy(after.status ?? {});
  return draft;
}

/** All but the status, which has a subresource of its own, and what the server keeps. */
function restOf(kind: ResourceKind, before: KubeObject, after: KubeObject): KubeObject {
  const was = before.metadata;
  const draft: KubeObject = {
    ...plainCopy(after),
    apiVersion: before.apiVersion,
    kind: before.kind,
    metadata: {
      ...plainCopy(after.metadata ?? {}),
      name: was.name,
      ...(was.namespace === undefined ? {} : { namespace: was.namespace }),
      uid: was.uid,
      resourceVersion: was.resourceVersion,
      creationTimestamp: was.creationTimestamp,
      ...(was.deletionTimestamp === undefined ? {} : { deletionTimestamp: was.deletionTimestamp }),
      ...(was.deletionGracePeriodSeconds === undefined
        ? {}
        : { deletionGracePeriodSeconds: was.deletionGracePeriodSeconds }),
    },
  };
  if (kind.subresources.includes("status")) {
    if (before.status === undefined) delete draft.status;
    else draft.status = plainCopy(before.status);
  }
  if (was.generation !== undefined) {
    const changed = JSON.stringify(draft.spec) !== JSON.stringify(before.spec);
    draft.metadata.generation = was.generation + (changed ? 1 : 0);
  }
  return draft;
}
