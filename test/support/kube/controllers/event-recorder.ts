/** Events, told as components of Kubernetes tell them: the same again is counted up, not written twice. */
import type { EventObject, KubeObject } from "../cluster-object.ts";
import { kubeTime } from "../cluster-object.ts";
import type { Registry } from "../registry.ts";
import { kindOf } from "../resource-kind.ts";

export interface NewEvent {
  readonly type?: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  /** `spec.containers{name}`. */
  readonly fieldPath?: string;
  readonly component: string;
  readonly host?: string;
}

export class EventRecorder {
  readonly #registry: Registry;
  #count = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  tell(about: KubeObject, event: NewEvent): void {
    const namespace = about.metadata.namespace ?? "default";
    if (this.#registry.store.get("namespaces", undefined, namespace) === undefined) return;
    const now = kubeTime(this.#registry.now());
    const same = this.#same(about, event, namespace);
    if (same !== undefined) {
      this.#registry.modify("events", namespace, same.metadata.name, (draft) => {
        draft.count += 1;
        draft.lastTimestamp = now;
      });
      return;
    }
    this.#count += 1;
    const tag = (this.#registry.now() * 1000 + this.#count).toString(16).padStart(16, "0");
    const body = {
      metadata: { name: `${about.metadata.name}.${tag}` },
      involvedObject: {
        kind: about.kind,
        ...(about.metadata.namespace === undefined ? {} : { namespace: about.metadata.namespace }),
        name: about.metadata.name,
        uid: about.metadata.uid,
        apiVersion: about.apiVersion,
        resourceVersion: about.metadata.resourceVersion,
        ...(event.fieldPath === undefined ? {} : { fieldPath: event.fieldPath }),
      },
      reason: event.reason,
      message: event.message,
      source: { component: event.component, ...(event.host === undefined ? {} : { host: event.host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      type: event.type ?? "Normal",
      eventTime: null,
      reportingComponent: event.component,
      reportingInstance: event.host ?? "",
    };
    try {
      this.#registry.create(kindOf("events"), namespace, body);
    } catch {
      // As in Kubernetes: an event that cannot be written (its namespace goes) is lost.
    }
  }

  #same(about: KubeObject, event: NewEvent, namespace: string): EventObject | undefined {
    // Only warnings come again; looking for the others would cost the most and find none.
    if (event.type !== "Warning") return undefined;
    for (const one of this.#registry.store.values("events")) {
      if (
        one.metadata.namespace === namespace &&
        one.involvedObject.uid === about.metadata.uid &&
        one.reason === event.reason &&
        one.message === event.message
      ) {
        return one;
      }
    }
    return undefined;
  }
}
