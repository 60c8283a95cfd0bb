import type { ContainerStatus, Pod } from "kubernetes-types/core/v1.js";
import { containerProblemOf, evictedFor, imageProblemOf } from "./cluster-words.ts";
import { diagnoseDisruption } from "./diagnose-disruption.ts";
import { CLONE_CONTAINER, KIT_CONTAINER, MAIN_CONTAINER } from "./job-manifest.ts";
import { containerLabel, isSidecar, memoryLimit, type PodProblem, statusesOf } from "./pod-problem.ts";

export type PodDiagnosis =
  /** The runner does not run yet. */
  | { readonly state: "pending"; readonly problem?: PodProblem; readonly notes: readonly string[] }
  | { readonly state: "running"; readonly problem?: PodProblem; readonly notes: readonly string[] }
  /** The runner ended by itself. `message`: what it left in its termination log. */
  | {
      readonly state: "ended";
      readonly exitCode: number;
      readonly message: string;
      readonly notes: readonly string[];
    }
  | { readonly state: "lost"; readonly problem: PodProblem; readonly notes: readonly string[] };

export interface PodPolicy {
  /** How long a pod may wait for a node, a quota or a volume. */
  readonly unschedulableTimeoutMs: number;
}

/** A registry or a runtime that failed may do better: the node tries again by itself for so long. */
const NODE_TRIES_MS = 60_000;
/** The job's own Secret is made right after its Job. */
const SECRET_COMES_MS = 15_000;
/** What a runner exits with by itself. */
const RUNNER_EXITS: ReadonlySet<number> = new Set([0, 1, 2, 3, 70]);

/**
 * What a pod's state means for its job. Pure; the state alone counts, not what came before it. Words of the cluster are kept
 * as they are.
 */
export function diagnosePod(pod: Pod, policy: PodPolicy): PodDiagnosis {
  const notes = sidecarNotes(pod);
  const main = statusesOf(pod).find(({ name }) => name === MAIN_CONTAINER);
  const disruption = diagnoseDisruption(pod);
  const ended = main?.state?.terminated;
  if (ended !== undefined && ended.reason !== "ContainerStatusUnknown") {
    const { exitCode, reason = "", message = "" } = ended;
    if (RUNNER_EXITS.has(exitCode) && reason !== "StartError" && reason !== "ContainerCannotRun")
      return { state: "ended", exitCode, message, notes };
    if (reason === "OOMKilled") return { state: "lost", problem: outOfMemory(pod), notes };
    return { state: "lost", problem: disruption ?? notByItself(exitCode, reason, message), notes };
  }
  if (pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded") {
    const failed = failedInit(pod);
    return { state: "lost", problem: disruption ?? failed ?? failedWithoutWord(pod), notes };
  }
  if (main?.state?.running !== undefined)
    return { state: "running", notes, ...(disruption === undefined ? {} : { problem: disruption }) };
  const problem = disruption ?? waitingProblem(pod, policy);
  return { state: "pending", notes, ...(problem === undefined ? {} : { problem }) };
}

function outOfMemory(pod: Pod): PodProblem {
  const limit = memoryLimit(MAIN_CONTAINER, pod);
  return {
    key: "oom",
    code: "QuotaExceeded",
    retryable: false,
    message:
      limit === undefined
        ? "The job's container was killed because its node was out of memory (OOMKilled); it has no memory limit of its own."
        : `The job's container was killed because it used more memory than its limit of ${limit} (OOMKilled). Give it more by container.resources or its runner class.`,
    patienceMs: 0,
  };
}

function notByItself(exitCode: number, reason: string, message: string): PodProblem {
  if (reason === "StartError" || reason === "ContainerCannotRun") {
    const { code, retryable, means } = containerProblemOf(message);
    return {
      key: "start",
      code,
      retryable,
      message: `The job's container could not be started: ${means} (${reason}: ${message}).`,
      patienceMs: 0,
    };
  }
  const signal = exitCode > 128 ? `, killed by signal ${exitCode - 128}` : "";
  return {
    key: "exit",
    code: "Transient",
    retryable: true,
    message: `The job's runner ended without a result (exit code ${exitCode}${signal}${reason === "" ? "" : `, ${reason}`})${message === "" ? "" : `: ${message}`}`,
    patienceMs: 0,
  };
}

function failedInit(pod: Pod): PodProblem | undefined {
  for (const { name, state } of pod.status?.initContainerStatuses ?? []) {
    const ended = state?.terminated;
    if (ended === undefined || ended.exitCode === 0 || isSidecar(name)) continue;
    const words = ended.message?.trim() || ended.reason || `exit code ${ended.exitCode}`;
    if (ended.reason === "StartError" || ended.reason === "ContainerCannotRun") {
      const { code, retryable, means } = containerProblemOf(words);
      const message = `${capital(containerLabel(name, pod))} could not be started: ${means} (${words}).`;
      return { key: `init ${name}`, code, retryable, message, patienceMs: 0 };
    }
    const what =
      name === CLONE_CONTAINER
        ? "The commit could not be cloned into the workspace"
        : name === KIT_CONTAINER
          ? "The kit could not be brought into the pod"
          : `${capital(containerLabel(name, pod))} failed`;
    return {
      key: `init ${name}`,
      code: "Transient",
      retryable: true,
      message: `${what} (exit code ${ended.exitCode}): ${words}`,
      patienceMs: 0,
    };
  }
  return undefined;
}

function failedWithoutWord({ status }: Pod): PodProblem {
  const words = [status?.reason, status?.message].filter(Boolean).join(": ");
  const resource = evictedFor(words);
  return {
    key: "failed",
    code: "Transient",
    retryable: true,
    message: `The job's pod ended (${status?.phase}) without a word of its runner${words === "" ? "" : `: ${words}`}${resource === undefined ? "" : ` (${resource})`}.`,
    patienceMs: 0,
  };
}

function waitingProblem(pod: Pod, policy: PodPolicy): PodProblem | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
  if (scheduled?.status === "False") {
    const words = scheduled.message ?? scheduled.reason ?? "";
    if (scheduled.reason === "SchedulingGated")
      return pendingOn("gated", `The pod waits for what holds its scheduling back: ${words}`, policy);
    return pendingOn(
      "unschedulable",
      `No node can take the pod now: ${words} It waits for one at most ${seconds(policy.unschedulableTimeoutMs)}.`,
      policy,
    );
  }
  for (const status of statusesOf(pod)) {
    const problem = waitingContainer(status, pod);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function pendingOn(key: string, message: string, { unschedulableTimeoutMs }: PodPolicy): PodProblem {
  return { key, code: "Transient", retryable: true, message, patienceMs: unschedulableTimeoutMs };
}

function waitingContainer(status: ContainerStatus, pod: Pod): PodProblem | undefined {
  const { name, state, lastState, image } = status;
  const { reason = "", message = "" } = state?.waiting ?? {};
  const label = containerLabel(name, pod);
  switch (reason) {
    case "ErrImagePull":
    case "ImagePullBackOff":
    case "ErrImageNeverPull":
    case "InvalidImageName":
    case "ImageInspectError":
    case "RegistryUnavailable":
    case "SignatureValidationFailed": {
      // The second of the two repeats that it waits, in newer versions with the reason behind it.
      const { code, retryable, means } = imageProblemOf(`${reason} ${message}`);
      const asked = imageOf(name, pod) ?? image;
      const said = `The image '${asked}' of ${label} cannot be pulled: ${means} (${reason}: ${message}).`;
      // A back-off that does not say why only follows another state that did.
      const silent = reason === "ImagePullBackOff" && !/:\s*\S*(Err|fail|rpc)/i.test(message);
      const patienceMs = retryable || silent ? NODE_TRIES_MS : 0;
      return { key: "image", code, retryable, message: said, patienceMs };
    }
    case "CreateContainerConfigError": {
      const { code, retryable, means } = containerProblemOf(message);
      const said = `${capital(label)} cannot be made: ${means} (${reason}: ${message}).`;
      return {
        key: `config ${name}`,
        code,
        retryable,
        message: said,
        patienceMs: code === "NotFound" ? SECRET_COMES_MS : retryable ? NODE_TRIES_MS : 0,
      };
    }
    case "CreateContainerError":
    case "RunContainerError": {
      const words = message || lastState?.terminated?.message || "";
      const { code, retryable, means } = containerProblemOf(words);
      const said = `${capital(label)} could not be started: ${means} (${reason}: ${words}).`;
      return {
        key: `start ${name}`,
        code,
        retryable,
        message: said,
        patienceMs: retryable ? NODE_TRIES_MS : 0,
      };
    }
    default:
      return isSidecar(name) ? unstartedSidecar(status, pod) : undefined;
  }
}

/** A service that ended before the pod could go on: it will again. */
function unstartedSidecar(
  { name, started, lastState, state }: ContainerStatus,
  pod: Pod,
): PodProblem | undefined {
  const ended = lastState?.terminated ?? state?.terminated;
  if (started === true || ended === undefined || name === MAIN_CONTAINER) return undefined;
  const probed = pod.spec?.initContainers?.find((each) => each.name === name)?.startupProbe !== undefined;
  const words = ended.message?.trim() ?? "";
  const label = containerLabel(name, pod);
  if (ended.reason === "StartError" || ended.reason === "ContainerCannotRun") {
    const { code, retryable, means } = containerProblemOf(words);
    const message = `${capital(label)} could not be started: ${means} (${words}).`;
    return { key: `start ${name}`, code, retryable, message, patienceMs: 0 };
  }
  // Without a probe a container is ready as soon as it runs: the job then goes on beside it.
  if (!probed) return undefined;
  const why =
    ended.reason === "OOMKilled"
      ? `was killed because it used more memory than its limit of ${memoryLimit(name, pod) ?? "the node"} (OOMKilled)`
      : ended.exitCode === 137 || ended.exitCode === 143
        ? "did not become healthy in its time, and was ended"
        : `ended with exit code ${ended.exitCode} before it was healthy`;
  return {
    key: `service ${name}`,
    code: "Permanent",
    retryable: false,
    message: `${capital(label)} ${why}${words === "" ? "." : `. It said: ${words}`}`,
    patienceMs: 0,
  };
}

/** Of services that end beside a running job: the cluster starts them again. */
function sidecarNotes(pod: Pod): readonly string[] {
  const main = statusesOf(pod).find(({ name }) => name === MAIN_CONTAINER);
  if (main?.state?.running === undefined) return [];
  return statusesOf(pod).flatMap(({ name, restartCount, lastState }) => {
    const ended = lastState?.terminated;
    if (!name.startsWith("svc-") || ended === undefined || restartCount === 0) return [];
    const how =
      ended.reason === "OOMKilled"
        ? `was killed because it used more memory than its limit of ${memoryLimit(name, pod) ?? "the node"} (OOMKilled)`
        : `ended with exit code ${ended.exitCode}`;
    return [`${capital(containerLabel(name, pod))} ${how}; it is started again (${restartCount}).`];
  });
}

function imageOf(name: string, pod: Pod): string | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  return all.find((each) => each.name === name)?.image;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
