/** `pods/<name>/eviction`: a deletion that a disruption budget may refuse. */
import { ApiError } from "../api-error.ts";
import type { KubeObject, NewObject } from "../cluster-object.ts";
import { setCondition } from "../kubelet/pod-condition.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";
import type { DeleteOptions } from "../store/deletion.ts";

interface Budget extends KubeObject {
  readonly spec: { readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> } };
  readonly status?: {
    readonly disruptionsAllowed?: number;
    readonly desiredHealthy?: number;
    readonly currentHealthy?: number;
  };
}

export function evict(
  registry: Registry,
  namespace: string | undefined,
  name: string,
  body: NewObject,
): unknown {
  const pod = registry.require("pods", namespace, name);
  const budgets = registry.store.list("poddisruptionbudgets", namespace) as unknown as Budget[];
  for (const { metadata, spec, status } of budgets) {
    const wanted = Object.entries(spec.selector?.matchLabels ?? {});
    const covers = wanted.every(([key, value]) => pod.metadata.labels?.[key] === value);
    if (!covers || (status?.disruptionsAllowed ?? 0) > 0) continue;
    throw new ApiError(
      429,
      "TooManyRequests",
      "Cannot evict pod as it would violate the pod's disruption budget.",
      {
        causes: [
          {
            reason: "DisruptionBudget",
            message: `The disruption budget ${metadata.name} needs ${status?.desiredHealthy ?? 1} healthy pods and has ${status?.currentHealthy ?? 1} currently`,
          },
        ],
      },
    );
  }
  registry.modify("pods", namespace, name, (draft) => {
    setCondition(draft, registry.now(), {
      type: "DisruptionTarget",
      status: "True",
      reason: "EvictionByEvictionAPI",
      message: "Eviction API: evicting",
    });
  });
  registry.delete(kindOf("pods"), namespace, name, (body.deleteOptions ?? {}) as DeleteOptions);
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}
