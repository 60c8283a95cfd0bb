import { ExecError, type ExecErrorCode } from "../errors.ts";

export interface HttpFailure {
  readonly status: number;
  /** Twirp's word for it. */
  readonly code: string;
  readonly message: string;
}

/**
 * The clients try again on 429 and most of 5xx, for up to half a minute: what trying again cannot mend must be none of
 * those. 507 is in nobody's list.
 */
const FAILURES: Readonly<Record<ExecErrorCode, readonly [status: number, code: string]>> = {
  InvalidSpec: [400, "invalid_argument"],
  NotFound: [404, "not_found"],
  Conflict: [409, "already_exists"],
  Transient: [503, "unavailable"],
  Timeout: [504, "deadline_exceeded"],
  Cancelled: [408, "canceled"],
  Permanent: [507, "failed_precondition"],
  Unauthorized: [401, "unauthenticated"],
  Forbidden: [403, "permission_denied"],
  QuotaExceeded: [507, "resource_exhausted"],
};

export function httpFailure(error: unknown): HttpFailure {
  if (!(error instanceof ExecError)) {
    return { status: 500, code: "internal", message: "something went wrong inside the service" };
  }
  const [status, code] = FAILURES[error.code];
  return { status, code, message: error.message };
}

/** One body for all JSON dialects: twirp reads `code` and `msg`, cache v1 and the OIDC client `message`. */
export function jsonErrorBody({ code, message }: HttpFailure): object {
  return { code, msg: message, message, typeKey: code };
}
