/** Small things that controllers of Kubernetes do at once: claims are bound, namespaces get their service account. */
import type { PodObject } from "../cluster-object.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";

export class ClaimBinder {
  readonly #unsubscribe: () => void;

  constructor(registry: Registry) {
    this.#unsubscribe = registry.store.subscribe(({ resource, type, object }) => {
      if (type !== "ADDED") return;
      if (resource === "namespaces") {
        const name = { name: "default" };
        registry.create(kindOf("serviceaccounts"), object.metadata.name, { metadata: name });
      } else if (resource === "persistentvolumeclaims") {
        setImmediate(() => bind(registry, object.metadata.namespace, object.metadata.name));
      } else if (resource === "pods") {
        setImmediate(() => makeEphemeral(registry, object as PodObject));
      }
    });
  }

  close(): void {
    this.#unsubscribe();
  }
}

function bind(registry: Registry, namespace: string | undefined, name: string): void {
  registry.modify("persistentvolumeclaims", namespace, name, (draft) => {
    const spec = (draft.spec ?? {}) as Record<string, unknown>;
    draft.spec = { ...spec, volumeName: `pvc-${draft.metadata.uid}` };
    draft.status = { phase: "Bound", accessModes: spec.accessModes ?? ["ReadWriteOnce"] };
  });
}

/** A volume of a pod's own: the claim `<pod>-<volume>`, which goes with the pod. */
function makeEphemeral(registry: Registry, { metadata, spec }: PodObject): void {
  for (const { name, ephemeral } of spec.volumes ?? []) {
    const template = ephemeral?.volumeClaimTemplate;
    if (template === undefined) continue;
    const claim = `${metadata.name}-${name}`;
    if (registry.store.get("persistentvolumeclaims", metadata.namespace, claim) !== undefined) continue;
    registry.create(kindOf("persistentvolumeclaims"), metadata.namespace, {
      metadata: {
        name: claim,
        ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
        ownerReferences: [
          {
            apiVersion: "v1",
            kind: "Pod",
            name: metadata.name,
            uid: metadata.uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: { ...template.spec },
    });
  }
}
