/** SelfSubjectAccessReview: what may I do? */
import { badRequest } from "../api-error.ts";
import type { NewObject } from "../cluster-object.ts";

import type { AccessAttributes } from "./access-rules.ts";

interface ReviewSpec {
  readonly resourceAttributes?: {
    readonly verb?: string;
    readonly group?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly nonResourceAttributes?: object;
}

export function accessReview(body: NewObject, allowed: (asked: AccessAttributes) => boolean): unknown {
  const spec = (body.spec ?? {}) as ReviewSpec;
  const asked = spec.resourceAttributes;
  if (asked === undefined && spec.nonResourceAttributes === undefined) {
    throw badRequest(
      "spec.resourceAttributes: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified",
    );
  }
  const answer =
    asked === undefined ||
    allowed({
      verb: asked.verb ?? "",
      group: asked.group ?? "",
      resource: asked.resource ?? "",
      ...(asked.subresource === undefined || asked.subresource === ""
        ? {}
        : { subresource: asked.subresource }),
      ...(asked.namespace === undefined || asked.namespace === "" ? {} : { namespace: asked.namespace }),
      ...(asked.name === undefined || asked.name === "" ? {} : { name: asked.name }),
    });
  return {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: { creationTimestamp: null },
    spec,
    status: answer ? { allowed: true, reason: "RBAC: allowed by rule of the test" } : { allowed: false },
  };
}
