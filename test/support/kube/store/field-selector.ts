/** Field selectors: `metadata.name=x,status.phase!=Running`. Only the fields Kubernetes knows, which differ by kind. */
import { badRequest } from "../api-error.ts";
import type { KubeObject } from "../cluster-object.ts";
import type { Selector } from "./label-selector.ts";

const ALWAYS = ["metadata.name", "metadata.namespace"];
const BY_RESOURCE: Readonly<Record<string, readonly string[]>> = {
  pods: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  events: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
  jobs: ["status.successful"],
  secrets: ["type"],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
};

export function fieldSelector(resource: string, text: string): Selector {
  const known = [...ALWAYS, ...(BY_RESOURCE[resource] ?? [])];
  const tests = text
    .split(",")
    .filter((term) => term.trim() !== "")
    .map((term) => {
      const match = /^\s*([\w.]+)\s*(!=|==|=)\s*(.*?)\s*$/.exec(term);
      if (match === null) {
        throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
      }
      const [, field = "", op, value] = match;
      if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return (object: KubeObject) => (fieldOf(object, field) === value) === (op !== "!=");
    });
  return (object) => tests.every((test) => test(object));
}

function fieldOf(object: KubeObject, path: string): string {
  let value: unknown = object;
  for (const part of path.split(".")) {
    value = typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined;
  }
  if (path === "status.phase" && value === undefined && object.kind === "Pod") return "Pending";
  return value === undefined ? "" : String(value);
}
