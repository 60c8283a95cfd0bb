/** How stored objects leave the server: as JSON made once each, and events in the form of the group that was asked. */
import type { EventObject, KubeObject } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";

const texts = new WeakMap<KubeObject, string>();

/** Watches of many clients send the same object: its text is made once. */
export function jsonOf(kind: ResourceKind, object: KubeObject): string {
  if (kind.group === "events.k8s.io") return JSON.stringify(outward(kind, object));
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}

export function outward(kind: ResourceKind, object: KubeObject): KubeObject {
  if (kind.group !== "events.k8s.io") return object;
  const event = object as EventObject;
  const { involvedObject, message, count, source, firstTimestamp, lastTimestamp, ...rest } = event;
  return {
    ...rest,
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    regarding: involvedObject,
    note: message,
    deprecatedCount: count,
    deprecatedSource: source,
    deprecatedFirstTimestamp: firstTimestamp,
    deprecatedLastTimestamp: lastTimestamp,
  };
}

/** Items of a list of a built-in kind carry neither apiVersion nor kind. */
export function listItem(kind: ResourceKind, object: KubeObject): Omit<KubeObject, "apiVersion" | "kind"> {
  const { apiVersion: _version, kind: _kind, ...item } = outward(kind, object);
  return item;
}
