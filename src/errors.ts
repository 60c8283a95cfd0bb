/** Why an operation failed, in words every layer shares (design: Errors). */
export type ExecErrorCode =
  | "InvalidSpec"
  | "NotFound"
  | "Conflict"
  | "Transient"
  | "Timeout"
  | "Cancelled"
  | "Permanent"
  | "Unauthorized"
  | "Forbidden"
  | "QuotaExceeded";

const RETRYABLE: ReadonlySet<ExecErrorCode> = new Set(["Transient", "Timeout"]);

export interface ExecErrorOptions {
  /** Overrides the default of the code (`Transient` and `Timeout` are retryable). */
  readonly retryable?: boolean;
  /** How long a caller should wait before it tries again, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error class of Slipway. A user's failing step is a value, never one of these. */
export class ExecError extends Error {
  override readonly name = "ExecError";
  readonly code: ExecErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ExecErrorCode, message: string, options: ExecErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.retryAfterMs = options.retryAfterMs;
  }
}
