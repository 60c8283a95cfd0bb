/** What Kubernetes refuses with 422: form, and changes to what may not change. */
import type { PodSpec } from "kubernetes-types/core/v1.js";
import type { FieldError } from "../api-error.ts";
import type { DataObject, JobObject, PodObject } from "../cluster-object.ts";
import type { AdmissionRequest } from "./admission.ts";
import { bad, labelErrors, metadataErrors, required } from "./name-rules.ts";
import { schemaErrors } from "./schema-errors.ts";
import { podSpecErrors } from "./validate-pod.ts";

/** Upstream: `MaxSecretSize`. */
const DATA_LIMIT_BYTES = 1024 * 1024;

export function validateObject({ kind, object, before }: AdmissionRequest): FieldError[] {
  const errors = metadataErrors(kind, object.metadata);
  switch (kind.resource) {
    case "pods":
      errors.push(...podSpecErrors((object as PodObject).spec, "spec"));
      if (before !== undefined) errors.push(...podChanges(before as PodObject, object as PodObject));
      break;
    case "jobs":
      errors.push(...jobErrors(object as JobObject));
      if (before !== undefined) errors.push(...jobChanges(before as JobObject, object as JobObject));
      break;
    case "secrets":
    case "configmaps":
      errors.push(...dataErrors(object as DataObject, kind.resource));
      if (before !== undefined) errors.push(...dataChanges(before as DataObject, object as DataObject));
      break;
    default:
      break;
  }
  // The schema says the same of the kinds above less well: it is asked last.
  return errors.length > 0 ? errors : schemaErrors(kind, object);
}

function jobErrors(job: JobObject): FieldError[] {
  const { spec } = job;
  if (spec === undefined) return [required("spec.template.spec.containers")];
  const errors = podSpecErrors(spec.template?.spec, "spec.template.spec");
  errors.push(...labelErrors("spec.template.labels", spec.template?.metadata?.labels));
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === undefined || policy === "Always") {
    errors.push(required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'));
  }
  for (const field of [
    "parallelism",
    "completions",
    "backoffLimit",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
  ] as const) {
    const value = spec[field];
    if (value !== undefined && value < 0)
      errors.push(bad(`spec.${field}`, value, "must be greater than or equal to 0"));
  }
  return errors;
}

function immutable(field: string, value: unknown): FieldError {
  return bad(field, value, "field is immutable");
}

function jobChanges(before: JobObject, after: JobObject): FieldError[] {
  const suspended = before.spec.suspend === true && before.status.startTime === undefined;
  return (["template", "selector", "completions", "completionMode", "podReplacementPolicy"] as const)
    .filter((field) => !(field === "template" && suspended))
    .filter(
      (field) =>
        JSON.stringify(Reflect.get(after.spec, field)) !== JSON.stringify(Reflect.get(before.spec, field)),
    )
    .map((field) => immutable(`spec.${field}`, Reflect.get(after.spec, field)));
}

/** All but the images, the deadline, tolerations that are added and the gates. */
function podChanges(before: PodObject, after: PodObject): FieldError[] {
  const fixed = ({ spec }: PodObject): string => {
    const {
      activeDeadlineSeconds: _deadline,
      tolerations: _tolerations,
      schedulingGates: _gates,
      ...rest
    } = spec as PodSpec & {
      schedulingGates?: unknown;
    };
    const imageless = (containers: PodSpec["containers"] | undefined) =>
      containers?.map(({ image: _image, ...container }) => container);
    return JSON.stringify({
      ...rest,
      containers: imageless(rest.containers),
      initContainers: imageless(rest.initContainers),
    });
  };
  if (sorted(fixed(before)) === sorted(fixed(after))) return [];
  return [
    {
      field: "spec",
      reason: "FieldValueForbidden",
      text: "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    },
  ];
}

/** The same JSON whatever the order of its keys. */
function sorted(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

function dataErrors(object: DataObject, resource: string): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(object.data ?? {})) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
      errors.push(
        bad(
          `data[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      );
    }
    size += resource === "secrets" ? Buffer.from(value, "base64").length : Buffer.byteLength(value);
  }
  if (size > DATA_LIMIT_BYTES) {
    errors.push({
      field: resource === "secrets" ? "data" : "",
      reason: "FieldValueTooLong",
      text: `Too long: may not be more than ${DATA_LIMIT_BYTES} bytes`,
    });
  }
  return errors;
}

function dataChanges(before: DataObject, after: DataObject): FieldError[] {
  if (before.immutable !== true) return [];
  const forbidden = (field: string): FieldError => ({
    field,
    reason: "FieldValueForbidden",
    text: "Forbidden: field is immutable when `immutable` is set",
  });
  const errors: FieldError[] = [];
  if (after.immutable !== true) errors.push(forbidden("immutable"));
  if (JSON.stringify(after.data ?? {}) !== JSON.stringify(before.data ?? {})) errors.push(forbidden("data"));
  return errors;
}
