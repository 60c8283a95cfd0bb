import type { Manifest } from "./manifest.ts";
import { nameOf } from "./manifest.ts";

interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: object;
}

interface Validate {
  (data: unknown): boolean;
  readonly errors?: readonly SchemaError[] | null;
}

/** By `apiVersion kind`: what the chart has. */
const SCHEMAS: Readonly<Record<string, () => Promise<{ readonly validate: Validate }>>> = {
  "v1 ConfigMap": () => import("kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap"),
  "v1 Namespace": () => import("kubernetes-models/_schemas/IoK8sApiCoreV1Namespace"),
  "v1 Secret": () => import("kubernetes-models/_schemas/IoK8sApiCoreV1Secret"),
  "v1 Service": () => import("kubernetes-models/_schemas/IoK8sApiCoreV1Service"),
  "v1 ServiceAccount": () => import("kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount"),
  "apps/v1 Deployment": () => import("kubernetes-models/_schemas/IoK8sApiAppsV1Deployment"),
  "autoscaling/v2 HorizontalPodAutoscaler": () =>
    import("kubernetes-models/_schemas/IoK8sApiAutoscalingV2HorizontalPodAutoscaler"),
  "batch/v1 Job": () => import("kubernetes-models/_schemas/IoK8sApiBatchV1Job"),
  "networking.k8s.io/v1 Ingress": () => import("kubernetes-models/_schemas/IoK8sApiNetworkingV1Ingress"),
  "networking.k8s.io/v1 NetworkPolicy": () =>
    import("kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy"),
  "policy/v1 PodDisruptionBudget": () =>
    import("kubernetes-models/_schemas/IoK8sApiPolicyV1PodDisruptionBudget"),
  "rbac.authorization.k8s.io/v1 ClusterRole": () =>
    import("kubernetes-models/_schemas/IoK8sApiRbacV1ClusterRole"),
  "rbac.authorization.k8s.io/v1 ClusterRoleBinding": () =>
    import("kubernetes-models/_schemas/IoK8sApiRbacV1ClusterRoleBinding"),
  "rbac.authorization.k8s.io/v1 Role": () => import("kubernetes-models/_schemas/IoK8sApiRbacV1Role"),
  "rbac.authorization.k8s.io/v1 RoleBinding": () =>
    import("kubernetes-models/_schemas/IoK8sApiRbacV1RoleBinding"),
};

/**
 * What Kubernetes' own schemas say against an object, and its fields that they do not have: an API server drops those, or
 * refuses them when asked to be strict. One text each; none: it is valid.
 */
export async function schemaProblems(object: Manifest): Promise<readonly string[]> {
  const load = SCHEMAS[`${object.apiVersion} ${object.kind}`];
  if (load === undefined) throw new Error(`No schema is known for ${object.apiVersion} ${object.kind}`);
  const { validate } = await load();
  const unread = new Map<object, Set<string>>();
  const problems: string[] = [];
  if (!validate(watched(object, unread))) {
    for (const { instancePath, keyword, message, params } of validate.errors ?? [])
      problems.push(`${instancePath}: ${message ?? keyword} ${JSON.stringify(params)}`);
  }
  // A mistake may keep the validator from looking at all of it.
  if (problems.length === 0) collectUnread(object, unread, "", problems);
  return problems.map((text) => `${nameOf(object)} ${text}`);
}

/** The object through a glass that remembers what of it was never looked at: a schema's validator reads what it knows. */
function watched<T>(value: T, unread: Map<object, Set<string>>): T {
  if (typeof value !== "object" || value === null) return value;
  const left = new Set(Object.keys(value));
  unread.set(value, left);
  const seen = new Map<string, unknown>();
  return new Proxy(value, {
    get(target, key) {
      const found: unknown = Reflect.get(target, key);
      if (typeof key !== "string") return found;
      left.delete(key);
      if (!seen.has(key)) seen.set(key, watched(found, unread));
      return seen.get(key);
    },
  });
}

function collectUnread(
  value: unknown,
  unread: ReadonlyMap<object, ReadonlySet<string>>,
  path: string,
  problems: string[],
): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of unread.get(value) ?? []) problems.push(`${path}/${key}: there is no such field`);
  for (const [key, child] of Object.entries(value))
    if (!unread.get(value)?.has(key)) collectUnread(child, unread, `${path}/${key}`, problems);
}
