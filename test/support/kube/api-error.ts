/** A refusal of the API server, with the `Status` body that Kubernetes would write: words, reason, code, details. */
import { qualifiedName, type ResourceKind } from "./resource-kind.ts";

export interface StatusCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  get status(): Readonly<Record<string, unknown>> {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      ...(this.reason === "" ? {} : { reason: this.reason }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

function named(kind: ResourceKind, name: string): StatusDetails {
  return { name, ...(kind.group === "" ? {} : { group: kind.group }), kind: kind.resource };
}

export function notFound(kind: ResourceKind, name: string): ApiError {
  return new ApiError(404, "NotFound", `${qualifiedName(kind)} "${name}" not found`, named(kind, name));
}

export function alreadyExists(kind: ResourceKind, name: string): ApiError {
  return new ApiError(
    409,
    "AlreadyExists",
    `${qualifiedName(kind)} "${name}" already exists`,
    named(kind, name),
  );
}

export function conflict(kind: ResourceKind, name: string, why: string): ApiError {
  return new ApiError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualifiedName(kind)} "${name}": ${why}`,
    named(kind, name),
  );
}

export const MODIFIED_SINCE =
  "the object has been modified; please apply your changes to the latest version and try again";

export function forbidden(kind: ResourceKind, name: string, why: string): ApiError {
  const of = name === "" ? qualifiedName(kind) : `${qualifiedName(kind)} "${name}"`;
  return new ApiError(403, "Forbidden", `${of} is forbidden: ${why}`, {
    ...(name === "" ? {} : { name }),
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.resource,
  });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

/** One mistake in an object: `spec.containers[0].image: Required value`. */
export interface FieldError {
  readonly field: string;
  readonly reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueForbidden"
    | "FieldValueDuplicate"
    | "FieldValueNotFound"
    | "FieldValueNotSupported"
    | "FieldValueTooLong";
  /** What stands behind the field's name and a colon. */
  readonly text: string;
}

export function invalid(kind: ResourceKind, name: string, errors: readonly FieldError[]): ApiError {
  const of = kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`;
  const texts = errors.map(({ field, text }) => `${field}: ${text}`);
  // Said once each, however often it was found.
  const different = [...new Set(texts)];
  const said = different.length === 1 ? different[0] : `[${different.join(", ")}]`;
  return new ApiError(422, "Invalid", `${of} "${name}" is invalid: ${said}`, {
    ...(name === "" ? {} : { name }),
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: errors.map(({ field, reason, text }) => ({ reason, message: text, field })),
  });
}

/** The watch or list wants what is forgotten already. */
export function tooOld(asked: string, oldest: number): ApiError {
  return new ApiError(410, "Expired", `too old resource version: ${asked} (${oldest})`);
}
