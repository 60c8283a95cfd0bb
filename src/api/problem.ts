import { ExecError, type ExecErrorCode } from "../errors.ts";

/** An error as the API says it: RFC 9457, `application/problem+json`. */
export interface Problem {
  /** Where the documentation says more: `/api/docs#not-found`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Path of the request. */
  readonly instance?: string;
  readonly code: ProblemCode;
  readonly requestId: string;
  /** Each mistake in what was sent. */
  readonly errors?: readonly FieldError[];
}

export interface FieldError {
  /** `body.inputs.version`, `query.limit`, `params.project`. */
  readonly field: string;
  readonly message: string;
}

/** Mistakes of a request that have no meaning outside HTTP. */
export type RequestErrorCode =
  | "BadRequest"
  | "CrossSite"
  | "HeadersTooLarge"
  | "IdempotencyMismatch"
  | "MethodNotAllowed"
  | "PayloadTooLarge"
  | "RangeNotSatisfiable"
  | "RequestTimeout"
  | "UnsupportedMediaType"
  | "UpgradeRequired"
  | "UriTooLong";

export type ProblemCode = ExecErrorCode | RequestErrorCode | "Internal";

/** Code to status and title: the one table. */
export const PROBLEMS: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  InvalidSpec: [422, "What was sent has mistakes"],
  NotFound: [404, "There is no such thing, or you may not see it"],
  Conflict: [409, "It is not in a state for this"],
  Transient: [503, "Not available now; try again"],
  Timeout: [504, "It took too long; try again"],
  Cancelled: [408, "The request was cut off"],
  Permanent: [500, "It cannot be done here, and trying again will not help"],
  Unauthorized: [401, "No valid token"],
  Forbidden: [403, "The token does not allow this"],
  QuotaExceeded: [507, "A limit is reached"],
  BadRequest: [400, "The request cannot be read"],
  CrossSite: [403, "A session cookie counts only for requests from the server's own pages"],
  HeadersTooLarge: [431, "The headers are too large"],
  IdempotencyMismatch: [422, "The Idempotency-Key was used for another request"],
  MethodNotAllowed: [405, "The address has no such method"],
  PayloadTooLarge: [413, "The body is too large"],
  RangeNotSatisfiable: [416, "The range begins past the end"],
  RequestTimeout: [408, "The body did not come in time"],
  UnsupportedMediaType: [415, "The body must be application/json"],
  UpgradeRequired: [426, "This address speaks WebSocket"],
  UriTooLong: [414, "The address is too long"],
  Internal: [500, "Something went wrong inside the server"],
};

const EXEC_CODE_OF: Readonly<Record<RequestErrorCode, ExecErrorCode>> = {
  BadRequest: "InvalidSpec",
  CrossSite: "Forbidden",
  HeadersTooLarge: "InvalidSpec",
  IdempotencyMismatch: "InvalidSpec",
  MethodNotAllowed: "InvalidSpec",
  PayloadTooLarge: "QuotaExceeded",
  RangeNotSatisfiable: "InvalidSpec",
  RequestTimeout: "Timeout",
  UnsupportedMediaType: "InvalidSpec",
  UpgradeRequired: "InvalidSpec",
  UriTooLong: "InvalidSpec",
};

/** An `ExecError` that knows what to say over HTTP. */
export class RequestError extends ExecError {
  readonly problem: ProblemCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    problem: RequestErrorCode | ExecErrorCode,
    message: string,
    more: {
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    super(
      isRequestCode(problem) ? EXEC_CODE_OF[problem] : problem,
      message,
      more.cause === undefined ? {} : { cause: more.cause },
    );
    this.problem = problem;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

function isRequestCode(code: RequestErrorCode | ExecErrorCode): code is RequestErrorCode {
  return Object.hasOwn(EXEC_CODE_OF, code);
}

/** What a client that came too early should wait, where nobody said it. */
const RETRY_AFTER_MS = 2_000;

/** The answer to an error. Of one that is not ours nothing is told but the request's id. */
export function problemOf(
  error: unknown,
  request: { readonly id: string; readonly path?: string },
): { readonly problem: Problem; readonly headers: Readonly<Record<string, string>> } {
  const known = error instanceof ExecError ? error : undefined;
  const code: ProblemCode = error instanceof RequestError ? error.problem : (known?.code ?? "Internal");
  const [status, title] = PROBLEMS[code];
  const errors = error instanceof RequestError ? error.errors : undefined;
  return {
    problem: {
      type: `/api/docs#${anchorOf(code)}`,
      title,
      status,
      detail: known?.message ?? `The server's log has the reason under ${request.id}.`,
      ...(request.path !== undefined && { instance: request.path }),
      code,
      requestId: request.id,
      ...(errors !== undefined && { errors }),
    },
    headers: {
      ...(status === 401 && { "www-authenticate": 'Bearer realm="slipway"' }),
      ...((status === 503 || known?.retryAfterMs !== undefined) && {
        "retry-after": String(Math.max(1, Math.ceil((known?.retryAfterMs ?? RETRY_AFTER_MS) / 1000))),
      }),
      ...(error instanceof RequestError ? error.headers : {}),
    },
  };
}

/** `NotFound` to `not-found`. */
export function anchorOf(code: ProblemCode): string {
  return code.replace(/(?<!^)[A-Z]/g, "-$&").toLowerCase();
}
