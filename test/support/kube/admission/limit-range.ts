/** LimitRanges of containers: defaults they give, and the least and most they allow. */
import type { Container, LimitRangeItem } from "kubernetes-types/core/v1.js";
import { forbidden } from "../api-error.ts";
import type { KubeObject, PodObject } from "../cluster-object.ts";
import { quantity } from "../controllers/quantity.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { AdmissionRequest } from "./admission.ts";

export function applyLimitRanges(request: AdmissionRequest, store: ObjectStore): void {
  forContainers(request, store, (container, limit) => {
    container.resources ??= {};
    const { resources } = container;
    const limits = { ...limit.default, ...resources.limits };
    if (Object.keys(limits).length > 0) resources.limits = limits;
    const requests = { ...limit.defaultRequest, ...resources.requests };
    if (Object.keys(requests).length > 0) resources.requests = requests;
  });
}

export function checkLimitRanges(request: AdmissionRequest, store: ObjectStore): void {
  const errors: string[] = [];
  forContainers(request, store, ({ resources = {} }, { max = {}, min = {} }) => {
    for (const [name, most] of Object.entries(max)) {
      const is = resources.limits?.[name];
      if (is === undefined)
        errors.push(`maximum ${name} usage per Container is ${most}.  No limit is specified`);
      else if (number(is) > number(most)) {
        errors.push(`maximum ${name} usage per Container is ${most}, but limit is ${is}`);
      }
    }
    for (const [name, least] of Object.entries(min)) {
      const is = resources.requests?.[name];
      if (is === undefined)
        errors.push(`minimum ${name} usage per Container is ${least}.  No request is specified`);
      else if (number(is) < number(least)) {
        errors.push(`minimum ${name} usage per Container is ${least}, but request is ${is}`);
      }
    }
  });
  if (errors.length === 0) return;
  const said = errors.length === 1 ? errors[0] : `[${errors.join(", ")}]`;
  throw forbidden(request.kind, request.object.metadata.name, String(said));
}

function number(text: string): number {
  return quantity(text) ?? 0;
}

interface LimitRangeObject extends KubeObject {
  readonly spec?: { readonly limits?: readonly LimitRangeItem[] };
}

function forContainers(
  { kind, object, operation }: AdmissionRequest,
  store: ObjectStore,
  callback: (container: Container, limit: LimitRangeItem) => void,
): void {
  if (kind.resource !== "pods" || operation !== "CREATE") return;
  const { spec, metadata } = object as PodObject;
  for (const { spec: range } of store.list("limitranges", metadata.namespace) as LimitRangeObject[]) {
    for (const limit of range?.limits ?? []) {
      if (limit.type !== "Container") continue;
      for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
        callback(container, limit);
      }
    }
  }
}
