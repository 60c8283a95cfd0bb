import type { ContainerStatus, Pod } from "kubernetes-types/core/v1.js";
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { CLONE_CONTAINER, GATE_PREFIX, KIT_CONTAINER, MAIN_CONTAINER } from "./job-manifest.ts";
import { serviceContainer } from "./plan-services.ts";

/** Something between a job and its end that is not its own doing. */
export interface PodProblem {
  /** The same for the same trouble, however its words change. */
  readonly key: string;
  readonly code: ExecErrorCode;
  readonly retryable: boolean;
  /** For the job's user: what, where, the cluster's own words, what to do. */
  readonly message: string;
  /** How long it may last before the job is lost; 0: it is. */
  readonly patienceMs: number;
  /** The job is not lost while its runner is heard of: the cluster may have lost only its node's word. */
  readonly unlessHeard?: true;
}

export function problemError({ code, retryable, message }: PodProblem): ExecError {
  return new ExecError(code, message, { retryable });
}

/** A container as the job's user knows it. */
export function containerLabel(name: string, pod: Pod): string {
  if (name === MAIN_CONTAINER) return "the job's container";
  if (name === KIT_CONTAINER) return "the container that brings the kit";
  if (name === CLONE_CONTAINER) return "the container that clones the commit";
  if (name.startsWith(GATE_PREFIX)) {
    const image = pod.spec?.initContainers?.find((each) => each.name === name)?.image;
    return `the container for docker://${image ?? name}`;
  }
  return `service '${name.replace(new RegExp(`^${serviceContainer("").slice(0, 4)}`), "")}'`;
}

export function isSidecar(name: string): boolean {
  return name !== MAIN_CONTAINER && name !== KIT_CONTAINER && name !== CLONE_CONTAINER;
}

export function memoryLimit(name: string, pod: Pod): string | undefined {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const limit = all.find((each) => each.name === name)?.resources?.limits?.memory;
  return limit === undefined ? undefined : `${limit}`;
}

/** In the order they start. */
export function statusesOf(pod: Pod): readonly ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}
