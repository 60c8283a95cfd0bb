/** What the OpenAPI schemas of Kubernetes require and the rules written out here do not name. */
import { validate as job } from "kubernetes-models/_schemas/IoK8sApiBatchV1Job";
import { validate as configMap } from "kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap";
import { validate as claim } from "kubernetes-models/_schemas/IoK8sApiCoreV1PersistentVolumeClaim";
import { validate as pod } from "kubernetes-models/_schemas/IoK8sApiCoreV1Pod";
import { validate as secret } from "kubernetes-models/_schemas/IoK8sApiCoreV1Secret";
import { validate as networkPolicy } from "kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy";
import type { FieldError } from "../api-error.ts";
import type { KubeObject } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";
import { bad, required } from "./name-rules.ts";

interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** The validators keep what they found of the last call. */
type Validator = ((data: unknown) => boolean) & { readonly errors?: readonly SchemaError[] | null };

const BY_RESOURCE: Readonly<Record<string, Validator>> = {
  jobs: job,
  configmaps: configMap,
  persistentvolumeclaims: claim,
  pods: pod,
  secrets: secret,
  networkpolicies: networkPolicy,
};

export function schemaErrors(kind: ResourceKind, object: KubeObject): FieldError[] {
  const validate = BY_RESOURCE[kind.resource];
  if (validate === undefined || validate(object)) return [];
  return (validate.errors ?? []).map(({ instancePath, keyword, params, message }) => {
    const field = instancePath
      .slice(1)
      .replace(/\/(\d+)(?=\/|$)/g, "[$1]")
      .replaceAll("/", ".");
    if (keyword === "required") return required(`${field}.${String(params.missingProperty)}`);
    return bad(field, "", message ?? keyword);
  });
}
