import type { Event } from "kubernetes-types/core/v1.js";
import { failedPullOf, imageProblemOf, refusalOf } from "./cluster-words.ts";
import type { PodProblem } from "./pod-problem.ts";

/** Events that tell nothing, or nothing that the pod's own state does not tell better. */
const SMALL_TALK: ReadonlySet<string> = new Set([
  "Created",
  "Started",
  "Killing",
  "SuccessfulCreate",
  "SuccessfulDelete",
  "Completed",
  "BackoffLimitExceeded",
  "BackOff",
  "FailedScheduling",
]);
/** After one of these, trouble from before is over. */
const PROGRESS: ReadonlySet<string> = new Set(["Pulled", "Created", "Started", "SuccessfulCreate"]);
/** A node tries to pull an image again by itself. */
const PULL_TRIES_MS = 60_000;

/**
 * Without what a node says of a Secret that is made right after its Job, which owns it: nodes ask for it at once, and half a
 * second later once more.
 */
export function withoutComingSecret(events: readonly Event[], secret: string): readonly Event[] {
  return events.filter(
    ({ reason, message = "" }) =>
      !(reason === "FailedMount" && message.includes(`secret "${secret}" not found`)),
  );
}

/** What the cluster has to tell of a pod or Job, oldest first, for the head of the job's log. */
export function eventNotes(events: readonly Event[]): readonly string[] {
  return inOrder(events).flatMap(({ type, reason = "", message = "" }) => {
    if (SMALL_TALK.has(reason) || (reason === "Pulled" && !/ in \d/.test(message))) return [];
    // Told as the trouble that it is.
    if (reason === "Failed" && (message.startsWith("Error: ") || failedPullOf(message) !== undefined))
      return [];
    return [`Kubernetes: ${type === "Warning" ? `${reason}: ` : ""}${message.trim()}`];
  });
}

/** Trouble that events tell first or alone: what the Job's controller could not make, what a node waits for. */
export function eventProblem(
  events: readonly Event[],
  unschedulableTimeoutMs: number,
): PodProblem | undefined {
  for (const { reason = "", message = "" } of inOrder(events).reverse()) {
    if (PROGRESS.has(reason)) return undefined;
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
      case "Failed": {
        const failed = failedPullOf(message);
        if (failed === undefined) break;
        const { code, retryable, means } = imageProblemOf(message);
        return {
          key: "image",
          code,
          retryable,
          message: `The image '${failed.image}' cannot be pulled: ${means} (${failed.why}).`,
          patienceMs: retryable ? PULL_TRIES_MS : 0,
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

/** Oldest first; within one second in the order they were made, which their names keep. */
function inOrder(events: readonly Event[]): Event[] {
  return [...events].sort(
    (a, b) => timeOf(a) - timeOf(b) || ((a.metadata?.name ?? "") < (b.metadata?.name ?? "") ? -1 : 1),
  );
}

function timeOf({ lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  const text = lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata?.creationTimestamp;
  return text === undefined || text === null ? 0 : Date.parse(`${text}`);
}
