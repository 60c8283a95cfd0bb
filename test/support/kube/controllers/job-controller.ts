/**
 * Jobs make pods. Follows upstream's job controller as far as jobs of one pod show it: pods of the names
 * `<job>-xxxxx`, the tracking finalizer, `status`, backoff, deadline, time to live, replacement policy.
 */
import type { JobCondition } from "kubernetes-types/batch/v1.js";
import type { Clock } from "../../../../src/clock.ts";
import { ApiError } from "../api-error.ts";
import { type JobObject, kubeTime, type NewObject, type PodObject } from "../cluster-object.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";
import { plainCopy } from "../store/plain-copy.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { keyOf, namesOf, WorkQueue } from "./work-queue.ts";

const TRACKING = "batch.kubernetes.io/job-tracking";
/** Upstream: `DefaultJobPodFailureBackOff`. */
const BACKOFF_MS = 10_000;

export class JobController {
  readonly #registry: Registry;
  readonly #events: EventRecorder;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;
  readonly #backoffMs: number;
  /** Pods by their job's uid. */
  readonly #pods = new Map<string, Map<string, PodObject>>();

  constructor(registry: Registry, events: EventRecorder, clock: Clock, backoffMs = BACKOFF_MS) {
    this.#registry = registry;
    this.#events = events;
    this.#backoffMs = backoffMs;
    this.#queue = new WorkQueue(clock, (key) => this.#sync(key));
    this.#unsubscribe = registry.store.subscribe(({ resource, type, object }) => {
      if (resource === "jobs") this.#queue.add(keyOf(object.metadata.namespace, object.metadata.name));
      if (resource !== "pods") return;
      const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
      if (owner?.kind !== "Job") {
        // An orphaned pod keeps no finalizer of a job's.
        if (object.metadata.finalizers?.includes(TRACKING) === true) this.#release(object as PodObject);
        return;
      }
      const pods = this.#pods.get(owner.uid) ?? new Map<string, PodObject>();
      if (type === "DELETED") pods.delete(object.metadata.name);
      else pods.set(object.metadata.name, object as PodObject);
      if (pods.size === 0) this.#pods.delete(owner.uid);
      else this.#pods.set(owner.uid, pods);
      const job = registry.store.get("jobs", object.metadata.namespace, owner.name);
      if (job?.metadata.uid === owner.uid) this.#queue.add(keyOf(job.metadata.namespace, owner.name));
      else if (object.metadata.finalizers?.includes(TRACKING) === true) this.#release(object as PodObject);
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #release({ metadata }: PodObject): void {
    setImmediate(() =>
      this.#registry.modify("pods", metadata.namespace, metadata.name, (draft) => {
        const rest = (draft.metadata.finalizers ?? []).filter((one) => one !== TRACKING);
        if (rest.length === 0) delete draft.metadata.finalizers;
        else draft.metadata.finalizers = rest;
      }),
    );
  }

  #sync(key: string): void {
    const [namespace, name] = namesOf(key);
    const job = this.#registry.store.get("jobs", namespace, name);
    if (job === undefined) return;
    const pods = [...(this.#pods.get(job.metadata.uid)?.values() ?? [])];
    const now = this.#registry.now();
    const over = job.status.conditions?.find(
      ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
    );
    if (over !== undefined) {
      for (const pod of pods) if (pod.metadata.finalizers?.includes(TRACKING) === true) this.#release(pod);
      this.#expire(job, over, now);
      return;
    }
    if (job.metadata.deletionTimestamp !== undefined) {
      for (const pod of pods) if (ended(pod) || goes(pod)) this.#release(pod);
      return;
    }
    const failedNow = pods.filter(isCounted).filter((pod) => !succeeded(pod));
    const succeededNow = pods.filter(isCounted).filter(succeeded);
    const failed = (job.status.failed ?? 0) + failedNow.length;
    const done = (job.status.succeeded ?? 0) + succeededNow.length;
    const replaceLate = job.spec.podReplacementPolicy === "Failed";
    const live = pods.filter((pod) => !ended(pod) && (replaceLate || !goes(pod)));
    const terminating = pods.filter((pod) => !ended(pod) && goes(pod)).length;
    const active = pods.filter((pod) => !ended(pod) && !goes(pod));
    const startTime = job.status.startTime ?? (job.spec.suspend === true ? undefined : kubeTime(now));
    const deadline = job.spec.activeDeadlineSeconds;
    const lateMs =
      deadline === undefined || startTime === undefined
        ? Number.POSITIVE_INFINITY
        : Date.parse(startTime) + deadline * 1000 - now;
    if (lateMs > 0 && lateMs !== Number.POSITIVE_INFINITY) this.#queue.addAfter(key, lateMs + 1);

    const completions = job.spec.completions ?? 1;
    let end: Pick<JobCondition, "type" | "reason" | "message"> | undefined;
    // Why it ends was settled when that was first written, whatever its pods say on their way out.
    const settled = job.status.conditions?.find(
      ({ type }) => type === "FailureTarget" || type === "SuccessCriteriaMet",
    );
    if (settled !== undefined) {
      end = { ...settled, type: settled.type === "FailureTarget" ? "Failed" : "Complete" };
    } else if (failed > (job.spec.backoffLimit ?? 6)) {
      end = {
        type: "Failed",
        reason: "BackoffLimitExceeded",
        message: "Job has reached the specified backoff limit",
      };
    } else if (lateMs <= 0) {
      end = {
        type: "Failed",
        reason: "DeadlineExceeded",
        message: "Job was active longer than specified deadline",
      };
    } else if (done >= completions) {
      end = {
        type: "Complete",
        reason: "CompletionsReached",
        message: "Reached expected number of succeeded pods",
      };
    }
    if (end?.type === "Failed") for (const pod of active) this.#deletePod(pod, job);
    if (job.spec.suspend === true) for (const pod of active) this.#deletePod(pod, job);
    const stillThere = pods.some((pod) => !ended(pod));
    const target =
      end !== undefined && stillThere
        ? end.type === "Failed"
          ? "FailureTarget"
          : "SuccessCriteriaMet"
        : end?.type;
    this.#registry.modify("jobs", namespace, name, (draft) => {
      const { status } = draft;
      if (startTime !== undefined) status.startTime = startTime;
      if (done > 0) status.succeeded = done;
      if (failed > 0) status.failed = failed;
      const count = end === undefined ? active.length : 0;
      if (count > 0) status.active = count;
      else delete status.active;
      status.terminating = end === undefined ? terminating : pods.filter((pod) => !ended(pod)).length;
      status.ready = active.filter(isReady).length;
      status.uncountedTerminatedPods = {};
      if (end === undefined || target === undefined) return;
      const stamp = kubeTime(now);
      // The aim is written first, the end itself when no pod is left; at once where none is.
      const aim = end.type === "Failed" ? "FailureTarget" : "SuccessCriteriaMet";
      const conditions = [...(status.conditions ?? [])];
      for (const type of target === aim ? [aim] : [aim, target]) {
        if (conditions.some((one) => one.type === type)) continue;
        conditions.push({ ...end, type, status: "True", lastProbeTime: stamp, lastTransitionTime: stamp });
      }
      status.conditions = conditions;
      if (target === "Complete") status.completionTime = stamp;
    });
    for (const pod of [...failedNow, ...succeededNow]) this.#releaseNow(pod);
    if (end !== undefined) {
      if (target === end.type) this.#tellEnd(job, end);
      return;
    }
    const wanted = Math.min(job.spec.parallelism ?? 1, completions - done) - live.length;
    if (job.spec.suspend === true || wanted <= 0) return;
    const lastFailure = Math.max(0, ...pods.filter((pod) => ended(pod) && !succeeded(pod)).map(endedAt));
    const wait = failed === 0 ? 0 : lastFailure + this.#backoffMs * 2 ** (failed - 1) - now;
    if (wait > 0) this.#queue.addAfter(key, wait);
    else for (let n = 0; n < wanted; n += 1) this.#makePod(job);
  }

  #expire(job: JobObject, over: JobCondition, now: number): void {
    const ttl = job.spec.ttlSecondsAfterFinished;
    if (ttl === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const { namespace, name, uid } = job.metadata;
    const left = Date.parse(String(over.lastTransitionTime)) + ttl * 1000 - now;
    if (left > 0) this.#queue.addAfter(keyOf(namespace, name), left + 1);
    else {
      const options = { propagationPolicy: "Foreground", preconditions: { uid } } as const;
      this.#registry.delete(kindOf("jobs"), namespace, name, options);
    }
  }

  #releaseNow({ metadata }: PodObject): void {
    this.#registry.modify("pods", metadata.namespace, metadata.name, (draft) => {
      const rest = (draft.metadata.finalizers ?? []).filter((one) => one !== TRACKING);
      if (rest.length === 0) delete draft.metadata.finalizers;
      else draft.metadata.finalizers = rest;
    });
  }

  #deletePod({ metadata }: PodObject, job: JobObject): void {
    if (this.#registry.store.get("pods", metadata.namespace, metadata.name) === undefined) return;
    this.#registry.delete(kindOf("pods"), metadata.namespace, metadata.name);
    this.#events.tell(job, {
      reason: "SuccessfulDelete",
      message: `Deleted pod: ${metadata.name}`,
      component: "job-controller",
    });
  }

  #tellEnd(job: JobObject, end: Pick<JobCondition, "type" | "reason" | "message">): void {
    const complete = end.type === "Complete";
    this.#events.tell(job, {
      type: complete ? "Normal" : "Warning",
      reason: complete ? "Completed" : (end.reason ?? ""),
      message: complete ? "Job completed" : (end.message ?? ""),
      component: "job-controller",
    });
  }

  #makePod(job: JobObject): void {
    const { template } = job.spec;
    const { name, namespace, uid } = job.metadata;
    const pod: NewObject = {
      metadata: {
        generateName: `${name}-`,
        labels: { ...template.metadata?.labels },
        ...(template.metadata?.annotations === undefined
          ? {}
          : { annotations: template.metadata.annotations }),
        finalizers: [TRACKING],
        ownerReferences: [
          { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true, blockOwnerDeletion: true },
        ],
      },
      spec: plainCopy(template.spec ?? {}),
    };
    try {
      const made = this.#registry.create(kindOf("pods"), namespace, pod, {
        user: "system:serviceaccount:kube-system:job-controller",
      });
      this.#events.tell(job, {
        reason: "SuccessfulCreate",
        message: `Created pod: ${made.metadata.name}`,
        component: "job-controller",
      });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#events.tell(job, {
        type: "Warning",
        reason: "FailedCreate",
        message: `Error creating: ${error.message.replace(/"[^"]*-\w{5}"/, `"${name}-"`)}`,
        component: "job-controller",
      });
      throw error;
    }
  }
}

function ended({ status }: PodObject): boolean {
  return status.phase === "Succeeded" || status.phase === "Failed";
}

/** Not counted in the job's status yet: the finalizer says so. */
function isCounted(pod: PodObject): boolean {
  return ended(pod) && pod.metadata.finalizers?.includes(TRACKING) === true;
}

function goes({ metadata }: PodObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}

function succeeded({ status }: PodObject): boolean {
  return status.phase === "Succeeded";
}

function isReady({ status }: PodObject): boolean {
  return status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
}

function endedAt({ status, metadata }: PodObject): number {
  const times = (status.containerStatuses ?? []).map(({ state }) =>
    Date.parse(String(state?.terminated?.finishedAt)),
  );
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length > 0 ? Math.max(...known) : Date.parse(metadata.creationTimestamp);
}
