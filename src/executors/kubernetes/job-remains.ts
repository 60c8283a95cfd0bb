import type { Job } from "kubernetes-types/batch/v1.js";
import { type Clock, systemClock } from "../../clock.ts";
import type { IsLiveBuild, IsLiveJob, JobAttemptName } from "../executor.ts";
import type { RunnerMailbox } from "../push/runner-mailbox.ts";
import { ANNOTATION, attemptOf, kubeJobNames, LABEL, labelValue } from "./job-names.ts";
import type { KubeClient } from "./kube-client.ts";

export interface JobRemainsOptions {
  readonly client: KubeClient;
  readonly mailbox: RunnerMailbox;
  readonly installation: string;
  readonly clock?: Clock;
}

export interface TakenAway {
  readonly name: JobAttemptName;
  readonly namespace: string;
  readonly jobName: string;
  readonly jobUid: string;
  /** Ended by itself, not only with its Job. */
  readonly pod?: { readonly name: string; readonly graceSeconds: number };
}

/** An object this young may belong to a job that is only just being made: its records may not say so yet. */
const YOUNG_MS = 120_000;
/** An API server that is only just coming back refuses what it allows a moment later. */
const RETRY_MS = 5_000;
const TRIES = 6;

/** Takes away what jobs leave in the cluster: at their end, and what nobody took away then. */
export class JobRemains {
  readonly #options: JobRemainsOptions;
  readonly #going = new Set<Promise<void>>();
  readonly #later = new Set<() => void>();
  #closed = false;

  constructor(options: JobRemainsOptions) {
    this.#options = options;
  }

  /**
   * Resolves when all of it was asked to go; what the cluster does not take now it is asked again a few times behind that,
   * and what is left then goes with a sweep. Never rejects.
   */
  takeAway(what: TakenAway, tries = 1): Promise<void> {
    const going = this.#takeAway(what)
      .then((isDone) => {
        if (!isDone && tries < TRIES && !this.#closed) this.#plan(() => void this.takeAway(what, tries + 1));
      })
      .catch(() => {})
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
    return going;
  }

  /** Waits for what is being taken away at this moment, and asks for no more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const takeBack of this.#later) takeBack();
    await Promise.all(this.#going);
  }

  #plan(callback: () => void): void {
    const { clock = systemClock } = this.#options;
    const takeBack = clock.after(RETRY_MS, () => {
      this.#later.delete(takeBack);
      callback();
    });
    this.#later.add(takeBack);
  }

  async #takeAway({ name, namespace, jobName, jobUid, pod }: TakenAway): Promise<boolean> {
    const { client, mailbox, installation } = this.#options;
    const { secret } = kubeJobNames(installation, name);
    const asked = await Promise.allSettled([
      // The Secret for pulling goes with the Job that owns it.
      client.remove("secrets", namespace, secret),
      client.remove("jobs", namespace, jobName, { uid: jobUid }),
      ...(pod === undefined
        ? []
        : [client.remove("pods", namespace, pod.name, { graceSeconds: pod.graceSeconds })]),
      mailbox.close(name),
    ]);
    return asked.every(({ status }) => status === "fulfilled");
  }

  /** Takes away all of this installation's that no live attempt owns; gives how many jobs that were. */
  async sweep(
    namespaces: readonly string[],
    isLive: IsLiveJob,
    isLiveBuild: IsLiveBuild = async () => true,
  ): Promise<number> {
    const { client, mailbox, installation, clock = systemClock } = this.#options;
    const labels = `${LABEL.installation}=${labelValue(installation)}`;
    const live = new Map<string, boolean>();
    const swept = new Set<string>();
    for (const namespace of namespaces) {
      // Secrets go with the Jobs that own them, volumes with their pods: nobody has to list those.
      for (const kind of ["jobs", "pods"] as const) {
        const { items } = await client.list(kind, namespace, { labels });
        for (const object of items as readonly Pick<Job, "metadata">[]) {
          const { name, uid, creationTimestamp, deletionTimestamp } = object.metadata ?? {};
          const attempt = attemptOf(object);
          if (name === undefined || attempt === undefined || deletionTimestamp !== undefined) continue;
          if (clock.now() - Date.parse(`${creationTimestamp}`) < YOUNG_MS) continue;
          const key = JSON.stringify([attempt.buildId, attempt.jobKey, attempt.attempt]);
          const alive = live.get(key) ?? (await isLive(attempt));
          live.set(key, alive);
          if (alive) continue;
          const how = {
            ...(uid === undefined ? {} : { uid }),
            ...(kind === "pods" ? { graceSeconds: 0 } : {}),
          };
          if (!(await client.remove(kind, namespace, name, how))) continue;
          swept.add(key);
          await mailbox.close(attempt).catch(() => {});
        }
      }
    }
    await this.#sweepShared(namespaces, isLiveBuild);
    return swept.size;
  }

  /** Workspaces of builds. While a pod still has one, the cluster keeps it that long. */
  async #sweepShared(namespaces: readonly string[], isLiveBuild: IsLiveBuild): Promise<void> {
    const { client, installation, clock = systemClock } = this.#options;
    const labels = `${LABEL.installation}=${labelValue(installation)},${LABEL.role}=workspace`;
    for (const namespace of namespaces) {
      const { items } = await client.list("persistentvolumeclaims", namespace, { labels });
      for (const {
        metadata: { name, uid, annotations, creationTimestamp, deletionTimestamp } = {},
      } of items) {
        const buildId = annotations?.[ANNOTATION.buildId];
        if (name === undefined || buildId === undefined || deletionTimestamp !== undefined) continue;
        if (clock.now() - Date.parse(`${creationTimestamp}`) < YOUNG_MS || (await isLiveBuild(buildId)))
          continue;
        await client.remove("persistentvolumeclaims", namespace, name, uid === undefined ? {} : { uid });
      }
    }
  }
}
