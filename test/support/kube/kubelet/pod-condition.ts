/** Conditions of a pod, with the times Kubernetes gives them. */
import type { PodCondition } from "kubernetes-types/core/v1.js";
import { kubeTime, type PodObject } from "../cluster-object.ts";

export type NewCondition = Pick<PodCondition, "type" | "status"> & { reason?: string; message?: string };

export function setCondition(pod: PodObject, nowMs: number, condition: NewCondition): void {
  pod.status.conditions ??= [];
  const conditions = pod.status.conditions;
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const before = conditions[at];
  const same =
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message;
  if (same) return;
  const lastTransitionTime =
    before?.status === condition.status && before.lastTransitionTime !== undefined
      ? before.lastTransitionTime
      : kubeTime(nowMs);
  const next = { ...condition, lastTransitionTime } as PodCondition;
  if (at < 0) conditions.push(next);
  else conditions[at] = next;
}
