import type { Pod } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../clock.ts";
import type { ExecError } from "../../errors.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeGone } from "./kube-error.ts";
import { pause } from "./wait.ts";

/** What is known of a job's pod. */
export interface PodSight {
  /** The latest that was seen of it; undefined: none yet. */
  readonly pod: Pod | undefined;
  /** It is no longer in the cluster. */
  readonly deleted: boolean;
}

export interface NamespaceWatchOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the pods that are watched. */
  readonly labels: string;
  readonly clock: Clock;
  /** How often the whole is listed beside the watch, for what it may have missed. */
  readonly reconcileMs?: number;
}

type Listener = (sight: PodSight, problem: ExecError | undefined) => void;

const JOB_NAME = "batch.kubernetes.io/job-name";
const RECONCILE_MS = 180_000;
const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;
/** The watch is kept so long after the last job, since another one mostly follows. */
const LINGER_MS = 30_000;

/**
 * The pods of all jobs in a namespace, by one watch. Runs while somebody listens. What a listener is told is a state, and
 * never older than what it was told before: an event that comes twice, late or out of order changes nothing, and one that
 * is missed is made up for by the next list.
 */
export class NamespaceWatch {
  readonly #options: NamespaceWatchOptions;
  readonly #jobs = new Map<string, Watched>();
  #running: AbortController | undefined;
  #linger: (() => void) | undefined;
  #closed = false;

  constructor(options: NamespaceWatchOptions) {
    this.#options = options;
  }

  /** The listener is called with every new state until the returned function is. At once, where one is known. */
  subscribe(jobName: string, listener: Listener): () => void {
    const watched = this.#jobs.get(jobName) ?? new Watched();
    this.#jobs.set(jobName, watched);
    watched.listeners.add(listener);
    this.#linger?.();
    this.#linger = undefined;
    if (this.#running === undefined && !this.#closed) {
      this.#running = new AbortController();
      void this.#run(this.#running.signal);
    } else if (watched.sight.pod !== undefined) listener(watched.sight, undefined);
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.#jobs.get(jobName) === watched) this.#jobs.delete(jobName);
      if (this.#jobs.size === 0) this.#leave();
    };
  }

  /** Looks for the pod of one job now: it may have been there before the watch cared for it. */
  async look(jobName: string, signal?: AbortSignal): Promise<PodSight> {
    const { client, namespace } = this.#options;
    const { items } = await client.list("pods", namespace, { labels: `${JOB_NAME}=${jobName}` }, signal);
    for (const pod of items) this.#see(pod, false);
    const watched = this.#jobs.get(jobName);
    if (watched?.sight.pod !== undefined) return watched.sight;
    const [pod] = items;
    return { pod, deleted: false };
  }

  close(): void {
    this.#closed = true;
    this.#linger?.();
    this.#running?.abort();
    this.#running = undefined;
  }

  #leave(): void {
    this.#linger?.();
    this.#linger = this.#options.clock.after(LINGER_MS, () => {
      this.#running?.abort();
      this.#running = undefined;
    });
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let pauseMs = 0; !signal.aborted; ) {
      try {
        await this.#listAndWatch(signal);
        pauseMs = 0;
      } catch (error) {
        if (signal.aborted) return;
        // Told to the jobs, which go on: their frames take another way. The cluster may be back with the next try.
        this.#trouble(error as ExecError);
        pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), MAX_PAUSE_MS);
        await pause(clock, pauseMs, signal);
      }
    }
  }

  /** Lists, then watches from there, again and again, until it is time to list anew. */
  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const { client, namespace, labels, clock, reconcileMs = RECONCILE_MS } = this.#options;
    const began = clock.monotonic();
    const list = await client.list("pods", namespace, { labels }, signal);
    this.#reconcile(list.items);
    let resourceVersion = list.resourceVersion;
    const round = new AbortController();
    const until = AbortSignal.any([signal, round.signal]);
    const stop = clock.after(Math.max(0, reconcileMs - (clock.monotonic() - began)), () => round.abort());
    try {
      while (!until.aborted) {
        const opened = clock.monotonic();
        for await (const event of client.watch("pods", namespace, { labels, resourceVersion }, until)) {
          if (event.type === "BOOKMARK") resourceVersion = event.resourceVersion;
          else {
            this.#see(event.object, event.type === "DELETED");
            resourceVersion = later(resourceVersion, event.object.metadata?.resourceVersion);
          }
        }
        // A server that ends each watch at once is not to be asked without a pause.
        if (clock.monotonic() - opened < FIRST_PAUSE_MS) await pause(clock, FIRST_PAUSE_MS, until);
      }
    } catch (error) {
      if (error instanceof KubeGone || (round.signal.aborted && !signal.aborted)) return;
      throw error;
    } finally {
      stop();
    }
  }

  #reconcile(pods: readonly Pod[]): void {
    const there = new Set<string>();
    for (const pod of pods) {
      if (pod.metadata?.uid !== undefined) there.add(pod.metadata.uid);
      this.#see(pod, false);
    }
    for (const watched of this.#jobs.values()) {
      const { pod, deleted } = watched.sight;
      if (pod !== undefined && !deleted && !there.has(pod.metadata?.uid ?? ""))
        watched.tell({ pod, deleted: true });
    }
  }

  #see(pod: Pod, deleted: boolean): void {
    const watched = this.#jobs.get(pod.metadata?.labels?.[JOB_NAME] ?? "");
    if (watched === undefined) return;
    const before = watched.sight;
    if (before.pod?.metadata?.uid === pod.metadata?.uid) {
      if (before.deleted) return;
      const newer = isLater(pod.metadata?.resourceVersion, before.pod?.metadata?.resourceVersion);
      if (!newer && !deleted) return;
    } else if (before.pod !== undefined && isOlder(pod, before.pod)) return;
    watched.tell({ pod, deleted });
  }

  #trouble(error: ExecError): void {
    for (const watched of this.#jobs.values()) {
      for (const listener of watched.listeners) listener(watched.sight, error);
    }
  }
}

class Watched {
  readonly listeners = new Set<Listener>();
  sight: PodSight = { pod: undefined, deleted: false };

  tell(sight: PodSight): void {
    this.sight = sight;
    for (const listener of this.listeners) listener(sight, undefined);
  }
}

/** Versions of one kind are numbers that grow (documented since Kubernetes 1.35; so in every version before). */
function isLater(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined) return false;
  if (than === undefined) return true;
  return version.length === than.length ? version > than : version.length > than.length;
}

function later(one: string, other: string | undefined): string {
  return isLater(other, one) && other !== undefined ? other : one;
}

function isOlder(pod: Pod, than: Pod): boolean {
  return `${pod.metadata?.creationTimestamp ?? ""}` < `${than.metadata?.creationTimestamp ?? ""}`;
}
