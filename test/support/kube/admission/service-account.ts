/** Pods run as a service account that must be there; its token is mounted unless the pod or the account says not. */
import { forbidden } from "../api-error.ts";
import type { PodObject } from "../cluster-object.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { AdmissionRequest } from "./admission.ts";

const TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

export function assignServiceAccount(
  { kind, object, operation }: AdmissionRequest,
  store: ObjectStore,
): void {
  if (kind.resource !== "pods" || operation !== "CREATE") return;
  const { metadata, spec } = object as PodObject;
  if (spec === undefined) return;
  spec.serviceAccountName ??= "default";
  spec.serviceAccount = spec.serviceAccountName;
  const { namespace = "" } = metadata;
  const account = store.get("serviceaccounts", namespace, spec.serviceAccountName);
  if (account === undefined) {
    throw forbidden(
      kind,
      metadata.name,
      `error looking up service account ${namespace}/${spec.serviceAccountName}: serviceaccount "${spec.serviceAccountName}" not found`,
    );
  }
  const mounts = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (mounts !== true || !Array.isArray(spec.containers)) return;
  const name = `kube-api-access-${metadata.uid.slice(0, 5)}`;
  spec.volumes = [...(spec.volumes ?? []), { name, projected: { sources: [], defaultMode: 420 } }];
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_PATH) === true) continue;
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name, readOnly: true, mountPath: TOKEN_PATH },
    ];
  }
}
