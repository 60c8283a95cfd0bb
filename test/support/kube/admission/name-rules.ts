/** The forms of names, labels and annotations, and the words by which Kubernetes refuses others. */
import type { FieldError } from "../api-error.ts";
import type { ObjectMeta } from "../cluster-object.ts";
import type { ResourceKind } from "../resource-kind.ts";

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const RFC1123_LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const RFC1123_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_VALUE_WORDS =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const KEY_WORDS =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

export function bad(field: string, value: unknown, why: string): FieldError {
  return { field, reason: "FieldValueInvalid", text: `Invalid value: ${JSON.stringify(value)}: ${why}` };
}

export function required(field: string, why = ""): FieldError {
  return {
    field,
    reason: "FieldValueRequired",
    text: why === "" ? "Required value" : `Required value: ${why}`,
  };
}

export function dnsLabel(field: string, value: string): FieldError[] {
  if (value.length > 63) return [bad(field, value, "must be no more than 63 bytes")];
  return LABEL_NAME.test(value) ? [] : [bad(field, value, RFC1123_LABEL)];
}

function subdomain(field: string, value: string): FieldError[] {
  if (value.length > 253) return [bad(field, value, "must be no more than 253 bytes")];
  return SUBDOMAIN.test(value) ? [] : [bad(field, value, RFC1123_SUBDOMAIN)];
}

/** Kinds whose names are labels of DNS. */
const LABEL_NAMED = ["namespaces", "services"];

export function metadataErrors(kind: ResourceKind, metadata: ObjectMeta): FieldError[] {
  const errors: FieldError[] = [];
  if (metadata.name === "") errors.push(required("metadata.name", "name or generateName is required"));
  else if (LABEL_NAMED.includes(kind.resource)) errors.push(...dnsLabel("metadata.name", metadata.name));
  else if (kind.group !== "rbac.authorization.k8s.io")
    errors.push(...subdomain("metadata.name", metadata.name));
  errors.push(...labelErrors("metadata.labels", metadata.labels));
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    errors.push(...keyErrors("metadata.annotations", key.toLowerCase()));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT_BYTES) {
    errors.push({
      field: "metadata.annotations",
      reason: "FieldValueTooLong",
      text: `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`,
    });
  }
  for (const owner of metadata.ownerReferences ?? []) {
    for (const field of ["apiVersion", "kind", "name", "uid"] as const) {
      if ((owner[field] ?? "") !== "") continue;
      const why = field === "apiVersion" ? "version must not be empty" : "must not be empty";
      errors.push(bad(`metadata.ownerReferences.${field}`, "", why));
    }
  }
  return errors;
}

export function labelErrors(
  field: string,
  labels: Readonly<Record<string, string>> | undefined,
): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...keyErrors(field, key),
    ...(value.length > 63 ? [bad(field, value, "must be no more than 63 bytes")] : []),
    ...(LABEL_VALUE.test(value) ? [] : [bad(field, value, LABEL_VALUE_WORDS)]),
  ]);
}

function keyErrors(field: string, key: string): FieldError[] {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const errors: FieldError[] = [];
  if (slash >= 0 && !SUBDOMAIN.test(key.slice(0, slash))) {
    errors.push(bad(field, key, `prefix part ${RFC1123_SUBDOMAIN}`));
  }
  if (name === "") errors.push(bad(field, key, "name part must be non-empty"));
  if (name.length > 63) errors.push(bad(field, key, "name part must be no more than 63 bytes"));
  if (!QUALIFIED.test(name)) errors.push(bad(field, key, KEY_WORDS));
  return errors;
}
