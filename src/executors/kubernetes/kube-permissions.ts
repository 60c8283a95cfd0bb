/**
 * All that Slipway asks of a cluster's API, as rules of a Role: the shipped Role, the reference and the tests read it here.
 * None of it may read a Secret by list; `get` is for the one that it made, and for the pull secrets that classes name.
 */
export interface KubeRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** In each namespace that jobs run in. */
export const NAMESPACE_RULES: readonly KubeRule[] = [
  { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "delete", "get", "list"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["delete", "list", "watch"] },
  { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
  { apiGroups: [""], resources: ["secrets"], verbs: ["create", "delete", "get"] },
  // Workspaces that jobs of a build share.
  { apiGroups: [""], resources: ["persistentvolumeclaims"], verbs: ["create", "delete", "get", "list"] },
  { apiGroups: [""], resources: ["events"], verbs: ["list"] },
];

/** Of the whole cluster, only where a runner class says `createNamespace`. */
export const CLUSTER_RULES: readonly KubeRule[] = [
  { apiGroups: [""], resources: ["namespaces"], verbs: ["create", "list"] },
];
