/** Fields that Kubernetes fills in, and status that a new object starts with. */
import type { Container, PodSpec } from "kubernetes-types/core/v1.js";
import type { DataObject, JobObject, PodObject } from "../cluster-object.ts";
import type { AdmissionRequest } from "./admission.ts";

export function setDefaults({ kind, object, operation }: AdmissionRequest): void {
  const creates = operation === "CREATE";
  switch (kind.resource) {
    case "pods": {
      const pod = object as PodObject;
      if (isObject(pod.spec)) podDefaults(pod.spec);
      if (creates) {
        pod.status = { phase: "Pending" };
        const { tolerations = [] } = pod.spec ?? {};
        for (const key of ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]) {
          if (tolerations.some((one) => one.key === key || (one.key ?? "") === "")) continue;
          tolerations.push({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 });
        }
        if (isObject(pod.spec)) pod.spec.tolerations = tolerations;
      }
      return;
    }
    case "jobs": {
      const job = object as JobObject;
      if (isObject(job.spec) && isObject(job.spec.template)) jobDefaults(job, creates);
      return;
    }
    case "secrets": {
      const secret = object as DataObject & { stringData?: Record<string, string> };
      secret.type ??= "Opaque";
      if (secret.stringData !== undefined) {
        secret.data ??= {};
        for (const [key, text] of Object.entries(secret.stringData)) {
          secret.data[key] = Buffer.from(text).toString("base64");
        }
        delete secret.stringData;
      }
      return;
    }
    case "namespaces":
      object.spec ??= { finalizers: ["kubernetes"] };
      object.status ??= { phase: "Active" };
      object.metadata.labels = {
        ...object.metadata.labels,
        "kubernetes.io/metadata.name": object.metadata.name,
      };
      return;
    case "persistentvolumeclaims": {
      const spec = (object.spec ?? {}) as Record<string, unknown>;
      spec.volumeMode ??= "Filesystem";
      spec.storageClassName ??= "standard";
      object.spec = spec;
      if (creates) object.status = { phase: "Pending" };
      return;
    }
    default:
      return;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function podDefaults(spec: PodSpec): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ??= "default-scheduler";
  spec.securityContext ??= {};
  spec.enableServiceLinks ??= true;
  for (const container of [...list(spec.initContainers), ...list(spec.containers)])
    containerDefaults(container);
  for (const volume of list(spec.volumes)) {
    if (volume.secret !== undefined) volume.secret.defaultMode ??= 420;
    if (volume.configMap !== undefined) volume.configMap.defaultMode ??= 420;
    if (Object.keys(volume).length === 1) volume.emptyDir = {};
  }
}

function list<T>(items: readonly T[] | undefined): readonly T[] {
  return Array.isArray(items) ? items : [];
}

function containerDefaults(container: Container): void {
  container.terminationMessagePath ??= "/dev/termination-log";
  container.terminationMessagePolicy ??= "File";
  if (container.imagePullPolicy === undefined) {
    const image = container.image ?? "";
    const tagged = /:[^/]+$/.test(image) && !image.endsWith(":latest");
    container.imagePullPolicy = tagged || image.includes("@") ? "IfNotPresent" : "Always";
  }
  container.resources ??= {};
  const { limits, requests = {} } = container.resources;
  if (limits !== undefined) {
    for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount;
    container.resources.requests = requests;
  }
}

function jobDefaults(job: JobObject, creates: boolean): void {
  const { spec } = job;
  spec.parallelism ??= 1;
  spec.completions ??= 1;
  spec.backoffLimit ??= 6;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  (spec as { podReplacementPolicy?: string }).podReplacementPolicy ??= "TerminatingOrFailed";
  if (isObject(spec.template.spec)) {
    // Nothing is assumed of the restart policy of a job's pods: it must be given.
    const { restartPolicy } = spec.template.spec;
    podDefaults(spec.template.spec);
    if (restartPolicy === undefined) delete spec.template.spec.restartPolicy;
  }
  if (!creates) return;
  job.status = {};
  if (spec.manualSelector === true) return;
  spec.manualSelector = false;
  const { uid, name } = job.metadata;
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: {
      ...spec.template.metadata?.labels,
      "batch.kubernetes.io/controller-uid": uid,
      "batch.kubernetes.io/job-name": name,
      "controller-uid": uid,
      "job-name": name,
    },
  };
  spec.selector = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
}
