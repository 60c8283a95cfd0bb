/** What kinds of objects the test API server keeps, and how each is reached. */
export interface ResourceKind {
  /** The plural name, as in paths: `pods`. Unique in this table but for `events`, which stands in two groups. */
  readonly resource: string;
  readonly kind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
  /** Its spec is counted by `metadata.generation`. */
  readonly counted: boolean;
  readonly readOnly?: boolean;
}

interface Extra {
  readonly short?: readonly string[];
  readonly subresources?: readonly string[];
  readonly cluster?: boolean;
  readonly counted?: boolean;
  readonly readOnly?: boolean;
}

function kind(groupVersion: string, resource: string, name: string, extra: Extra = {}): ResourceKind {
  const slash = groupVersion.indexOf("/");
  return {
    resource,
    kind: name,
    singular: name.toLowerCase(),
    shortNames: extra.short ?? [],
    group: slash < 0 ? "" : groupVersion.slice(0, slash),
    version: groupVersion.slice(slash + 1),
    namespaced: extra.cluster !== true,
    subresources: extra.subresources ?? [],
    counted: extra.counted === true,
    ...(extra.readOnly === true ? { readOnly: true } : {}),
  };
}

export const RESOURCE_KINDS: readonly ResourceKind[] = [
  kind("v1", "namespaces", "Namespace", { cluster: true, short: ["ns"], subresources: ["status"] }),
  kind("v1", "nodes", "Node", { cluster: true, short: ["no"], subresources: ["status"] }),
  kind("v1", "pods", "Pod", {
    short: ["po"],
    subresources: ["status", "log", "eviction"],
    counted: true,
  }),
  kind("v1", "secrets", "Secret"),
  kind("v1", "configmaps", "ConfigMap", { short: ["cm"] }),
  kind("v1", "events", "Event", { short: ["ev"] }),
  kind("v1", "persistentvolumeclaims", "PersistentVolumeClaim", { short: ["pvc"], subresources: ["status"] }),
  kind("v1", "serviceaccounts", "ServiceAccount", { short: ["sa"] }),
  kind("v1", "services", "Service", { short: ["svc"] }),
  kind("v1", "resourcequotas", "ResourceQuota", { short: ["quota"], subresources: ["status"] }),
  kind("v1", "limitranges", "LimitRange", { short: ["limits"] }),
  kind("batch/v1", "jobs", "Job", { subresources: ["status"], counted: true }),
  kind("events.k8s.io/v1", "events", "Event", { short: ["ev"], readOnly: true }),
  kind("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", { short: ["netpol"], counted: true }),
  kind("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", {
    short: ["pdb"],
    subresources: ["status"],
    counted: true,
  }),
  kind("coordination.k8s.io/v1", "leases", "Lease"),
  kind("scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", { cluster: true, short: ["pc"] }),
  kind("rbac.authorization.k8s.io/v1", "roles", "Role"),
  kind("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
];

export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `pods`, `jobs.batch`: a resource as messages of Kubernetes name it. */
export function qualifiedName({ resource, group }: ResourceKind): string {
  return group === "" ? resource : `${resource}.${group}`;
}

/** The kind under that plural name; events are those of the core group. */
export function kindOf(resource: string): ResourceKind {
  const found = RESOURCE_KINDS.find((one) => one.resource === resource);
  if (found === undefined) throw new Error(`The test cluster has no resource ${resource}`);
  return found;
}
