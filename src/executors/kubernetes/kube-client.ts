/**
 * What is asked of a cluster's API server: the few calls that jobs need. Errors are `ExecError` (see `kube-error.ts`);
 * answers that only mean *later* (429, 5xx, no connection) were tried again before, within a limit.
 */
import type { KubeKind, KubeKinds } from "./kube-kinds.ts";

export interface KubeClient {
  /** Rejects with `Conflict` where one of that name exists. */
  create<K extends KubeKind>(
    kind: K,
    namespace: string,
    object: KubeKinds[K],
    signal?: AbortSignal,
  ): Promise<KubeKinds[K]>;

  /** Undefined: there is none of that name. */
  get<K extends KubeKind>(
    kind: K,
    namespace: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<KubeKinds[K] | undefined>;

  /** All of them, however many pages that takes. */
  list<K extends KubeKind>(
    kind: K,
    namespace: string,
    selector: KubeSelector,
    signal?: AbortSignal,
  ): Promise<KubeList<KubeKinds[K]>>;

  /**
   * What changed after a resource version, as the server tells it: it may end at any time, which is no error. Rejects with
   * `KubeGone` where the version is too old.
   */
  watch<K extends KubeKind>(
    kind: K,
    namespace: string,
    selector: KubeSelector & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncIterable<KubeWatchEvent<KubeKinds[K]>>;

  /** False: it was gone already, or is another one than `uid` names. */
  remove(
    kind: KubeKind,
    namespace: string,
    name: string,
    how?: KubeRemoval,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** What a container printed, at most so many bytes from its end. Undefined: there is no such log (any more). */
  podLog(
    namespace: string,
    pod: string,
    container: string,
    limit: { readonly tailLines: number; readonly limitBytes: number },
    signal?: AbortSignal,
  ): Promise<string | undefined>;

  /** Whether whoever this is may do so (SelfSubjectAccessReview). */
  may(
    verb: string,
    resource: KubeResource,
    namespace: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean>;

  /** Requests sent so far, tries included, by verb of the API (`create`, `get`, `list`, `watch`, `delete`). */
  readonly requests: ReadonlyMap<string, number>;

  /** Closes connections; what runs is aborted. */
  close(): void;
}

export interface KubeSelector {
  readonly labels?: string;
  readonly fields?: string;
}

export interface KubeList<T> {
  readonly items: readonly T[];
  /** Of the list as a whole; a watch goes on from it. */
  readonly resourceVersion: string;
}

export type KubeWatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface KubeRemoval {
  /** Absent: the object's own. 0: at once, without waiting for the node. */
  readonly graceSeconds?: number;
  /** Only the very object. */
  readonly uid?: string;
}

export interface KubeResource {
  /** Empty: the core group. */
  readonly group: string;
  readonly resource: string;
  /** e.g. `log`. */
  readonly subresource?: string;
}
