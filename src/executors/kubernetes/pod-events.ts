import type { Event } from "kubernetes-types/core/v1.js";
import { refusalOf } from "./cluster-words.ts";
import type { PodProblem } from "./pod-problem.ts";

/** Events that tell nothing the log does not show anyway. */
const SMALL_TALK: ReadonlySet<string> = new Set([
  "Created",
  "Started",
  "Killing",
  "SuccessfulCreate",
  "SuccessfulDelete",
  "Completed",
  "BackoffLimitExceeded",
  "BackOff",
]);

/** What the cluster has to tell of a pod or Job, oldest first, for the head of the job's log. */
export function eventNotes(events: readonly Event[]): readonly string[] {
  return [...events]
    .sort((a, b) => timeOf(a) - timeOf(b))
    .flatMap(({ type, reason = "", message = "", count }) => {
      if (SMALL_TALK.has(reason) || (reason === "Pulled" && !/ in \d/.test(message))) return [];
      const times = count !== undefined && count > 1 ? ` (${count} times)` : "";
      return [`Kubernetes: ${type === "Warning" ? `${reason}: ` : ""}${message.trim()}${times}`];
    });
}

/** Trouble that only events tell: what the Job's controller could not make, what a node waits for. */
export function eventProblem(
  events: readonly Event[],
  unschedulableTimeoutMs: number,
): PodProblem | undefined {
  const latest = [...events].sort((a, b) => timeOf(b) - timeOf(a));
  for (const { reason, message = "" } of latest) {
    switch (reason) {
      case "FailedCreate": {
        const words = refusalOf(message);
        const {
          code = "Transient",
          retryable = true,
          means = "the cluster could not make the pod",
        } = words ?? {};
        return {
          key: "create",
          code,
          retryable,
          message: `The job's pod was not let in: ${means} (${message.trim()}).`,
          patienceMs: retryable ? unschedulableTimeoutMs : 0,
        };
      }
      case "FailedMount":
      case "FailedAttachVolume":
      case "FailedMapVolume":
        return waiting("volume", `A volume of the pod is not there yet: ${message}`, unschedulableTimeoutMs);
      case "FailedCreatePodSandBox":
      case "NetworkNotReady":
        return waiting("sandbox", `The node cannot set up the pod: ${message}`, unschedulableTimeoutMs);
      default:
    }
  }
  return undefined;
}

function waiting(key: string, message: string, patienceMs: number): PodProblem {
  return { key, code: "Transient", retryable: true, message: message.trim(), patienceMs };
}

function timeOf({ lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  const text = lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp;
  return text === undefined || text === null ? 0 : Date.parse(`${text}`);
}
