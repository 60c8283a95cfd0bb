/** ResourceQuotas: what a namespace may hold, of pods, their requests and limits, and of other objects by number. */
import { forbidden } from "../api-error.ts";
import type { KubeObject, PodObject } from "../cluster-object.ts";
import { podResources } from "../controllers/pod-resources.ts";
import { type Amounts, added, quantity } from "../controllers/quantity.ts";
import type { ResourceKind } from "../resource-kind.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { AdmissionRequest } from "./admission.ts";

interface QuotaObject extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
}

export function checkQuota({ kind, object, operation }: AdmissionRequest, store: ObjectStore): void {
  if (operation !== "CREATE" || !kind.namespaced || kind.resource === "events") return;
  const { namespace = "", name } = object.metadata;
  for (const quota of store.list("resourcequotas", namespace) as QuotaObject[]) {
    const hard = quota.spec?.hard ?? {};
    const delta = usage(kind, object);
    const limited = Object.keys(hard).filter((resource) => appliesTo(resource, kind));
    if (limited.length === 0) continue;
    if (kind.resource === "pods") mustSpecify(kind, object as PodObject, quota, limited);
    const used = usedIn(store, kind, namespace);
    const over = limited.filter(
      (resource) =>
        (used[resource] ?? 0) + (delta[resource] ?? 0) > (quantity(hard[resource] ?? "0") ?? 0) + 1e-9,
    );
    if (over.length === 0) continue;
    over.sort();
    const told = (amounts: Amounts) =>
      over.map((one) => `${one}=${written(one, amounts[one] ?? 0)}`).join(",");
    throw forbidden(
      kind,
      name,
      `exceeded quota: ${quota.metadata.name}, requested: ${told(delta)}, used: ${told(used)}, limited: ${over
        .map((one) => `${one}=${hard[one]}`)
        .join(",")}`,
    );
  }
}

function usage(kind: ResourceKind, object: KubeObject): Amounts {
  const count = { [countName(kind)]: 1, [kind.resource]: 1 };
  if (kind.resource !== "pods") return count;
  const { spec } = object as PodObject;
  const result: Record<string, number> = { ...count };
  for (const [name, amount] of Object.entries(podResources(spec, "requests"))) {
    result[`requests.${name}`] = amount;
    result[name] = amount;
  }
  for (const [name, amount] of Object.entries(podResources(spec, "limits")))
    result[`limits.${name}`] = amount;
  return result;
}

function countName({ resource, group }: ResourceKind): string {
  return group === "" ? `count/${resource}` : `count/${resource}.${group}`;
}

function appliesTo(resource: string, kind: ResourceKind): boolean {
  if (resource === kind.resource || resource === countName(kind)) return true;
  return kind.resource === "pods" && /^(requests\.|limits\.|cpu$|memory$|ephemeral-storage$)/.test(resource);
}

/** Pods that have ended use nothing. */
function usedIn(store: ObjectStore, kind: ResourceKind, namespace: string): Amounts {
  let sum: Amounts = {};
  for (const object of store.list(kind.resource, namespace)) {
    const phase = kind.resource === "pods" ? (object as PodObject).status.phase : undefined;
    if (phase !== "Succeeded" && phase !== "Failed") sum = added(sum, usage(kind, object));
  }
  return sum;
}

function mustSpecify(
  kind: ResourceKind,
  { metadata, spec }: PodObject,
  quota: QuotaObject,
  limited: readonly string[],
): void {
  const missing = [...limited]
    .sort()
    .filter((resource) => /^(requests\.|limits\.)?(cpu|memory)$/.test(resource))
    .flatMap((resource) => {
      const which = resource.startsWith("limits.") ? "limits" : "requests";
      const name = resource.replace(/^(requests|limits)\./, "");
      const without = spec.containers.filter(({ resources }) => resources?.[which]?.[name] === undefined);
      return without.length === 0 ? [] : [`${resource} for: ${without.map((one) => one.name).join(",")}`];
    });
  if (missing.length === 0) return;
  throw forbidden(
    kind,
    metadata.name,
    `failed quota: ${quota.metadata.name}: must specify ${missing.join("; ")}`,
  );
}

/** As Kubernetes writes amounts: `500m`, `2`, `1Gi`. */
function written(resource: string, amount: number): string {
  if (/(memory|storage)$/.test(resource)) {
    for (const [unit, size] of [
      ["Gi", 2 ** 30],
      ["Mi", 2 ** 20],
      ["Ki", 2 ** 10],
    ] as const) {
      if (amount > 0 && amount % size === 0) return `${amount / size}${unit}`;
    }
    return String(amount);
  }
  return Number.isInteger(amount) ? String(amount) : `${Math.round(amount * 1000)}m`;
}
