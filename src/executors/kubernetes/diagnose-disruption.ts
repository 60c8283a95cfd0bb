import type { Pod } from "kubernetes-types/core/v1.js";
import { evictedFor, limitOfEviction } from "./cluster-words.ts";
import { MAIN_CONTAINER } from "./job-manifest.ts";
import { type PodProblem, statusesOf } from "./pod-problem.ts";

/** Whether and why the cluster (or somebody) ends a pod, or has lost sight of it. Pure. */
export function diagnoseDisruption(pod: Pod): PodProblem | undefined {
  const { status, metadata, spec } = pod;
  const node = spec?.nodeName ?? "its node";
  const words = status?.message ?? "";
  switch (status?.reason) {
    case "Evicted": {
      const own = limitOfEviction(words);
      if (own)
        return problem("evicted", `The pod was evicted because it used more disk than it may: ${words}`, {
          code: "QuotaExceeded",
          retryable: false,
        });
      const resource = evictedFor(words);
      return problem(
        "evicted",
        `The pod was evicted from ${node}${resource === undefined ? "" : `, which was short of ${resource}`}: ${words}`,
      );
    }
    case "Preempting":
      return problem("preempted", `The pod was preempted on ${node}: ${words}`);
    case "DeadlineExceeded":
      return problem("deadline", `The pod was ended at its deadline: ${words}`, {
        code: "Timeout",
        retryable: false,
      });
    case "NodeLost":
      return { ...problem("node", `The node ${node} is lost: ${words}`), unlessHeard: true };
    case "Terminated":
    case "NodeShutdown":
    case "Shutdown":
      return problem("shutdown", `The node ${node} shuts down: ${words}`);
    case "NodeAffinity":
    case "UnexpectedAdmissionError":
    case "OutOfcpu":
    case "OutOfmemory":
    case "OutOfpods":
    case "OutOfephemeral-storage":
      return problem("node refused", `The node ${node} did not take the pod (${status.reason}): ${words}`);
    default:
      return (
        byCondition(pod, node) ?? deleted(pod, metadata?.deletionTimestamp !== undefined) ?? silent(pod, node)
      );
  }
}

/** `DisruptionTarget` says why a pod is about to be ended. */
function byCondition({ status }: Pod, node: string): PodProblem | undefined {
  const target = status?.conditions?.find(
    (each) => each.type === "DisruptionTarget" && each.status === "True",
  );
  if (target === undefined) return undefined;
  const words = target.message ?? "";
  switch (target.reason) {
    case "PreemptionByScheduler":
      return problem(
        "preempted",
        `The pod was preempted: its place on ${node} goes to one of higher priority. ${words}`,
      );
    case "DeletionByTaintManager":
      return {
        ...problem("node", `The node ${node} is lost or may not be used any more: ${words}`),
        unlessHeard: true,
      };
    case "EvictionByEvictionAPI":
      return problem("drained", `The pod was evicted from ${node}, which is being drained: ${words}`);
    case "DeletionByPodGC":
      return problem("node", `The node ${node} is gone, and the pod with it: ${words}`);
    default:
      return problem(
        "disrupted",
        `The pod is ended by the cluster (${target.reason ?? "unknown"}): ${words}`,
      );
  }
}

function deleted({ metadata }: Pod, is: boolean): PodProblem | undefined {
  if (!is) return undefined;
  return problem("deleted", `The pod ${metadata?.name} is being deleted, by somebody other than Slipway.`);
}

/** A node that does not answer: its pods are no longer ready, while their containers are as they were last heard of. */
function silent(pod: Pod, node: string): PodProblem | undefined {
  const ready = pod.status?.conditions?.find(({ type }) => type === "Ready");
  const main = statusesOf(pod).find(({ name }) => name === MAIN_CONTAINER);
  if (ready?.status !== "False" || main?.state?.running === undefined || main.ready !== true)
    return undefined;
  const unready = (pod.status?.initContainerStatuses ?? []).some(
    ({ ready: one, state }) => !one && state?.terminated === undefined,
  );
  if (unready) return undefined;
  return {
    ...problem(
      "silent",
      `The cluster does not hear of the node ${node} any more; the job may go on there, and is followed.`,
    ),
    patienceMs: Number.POSITIVE_INFINITY,
  };
}

function problem(
  key: string,
  message: string,
  { code, retryable }: Pick<PodProblem, "code" | "retryable"> = { code: "Transient", retryable: true },
): PodProblem {
  return { key, code, retryable, message: message.trim(), patienceMs: 0 };
}
