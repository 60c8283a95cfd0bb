import { Code } from "@connectrpc/connect";
import type { ExecErrorCode } from "../../errors.ts";

const CODES: Readonly<Record<ExecErrorCode, Code>> = {
  InvalidSpec: Code.InvalidArgument,
  NotFound: Code.NotFound,
  Conflict: Code.FailedPrecondition,
  Transient: Code.Unavailable,
  Timeout: Code.DeadlineExceeded,
  Cancelled: Code.Canceled,
  Permanent: Code.Internal,
  Unauthorized: Code.Unauthenticated,
  Forbidden: Code.PermissionDenied,
  QuotaExceeded: Code.ResourceExhausted,
};

export function statusCodeOf(code: ExecErrorCode): Code {
  return CODES[code];
}

/** What a status means that says no more about itself: one of another server, or of the connection. */
export function errorCodeOf(code: Code): ExecErrorCode {
  switch (code) {
    case Code.InvalidArgument:
    case Code.OutOfRange:
      return "InvalidSpec";
    case Code.NotFound:
      return "NotFound";
    case Code.AlreadyExists:
    case Code.FailedPrecondition:
      return "Conflict";
    // A connection that broke is `Aborted` here.
    case Code.Aborted:
    case Code.Unavailable:
      return "Transient";
    case Code.DeadlineExceeded:
      return "Timeout";
    case Code.Canceled:
      return "Cancelled";
    case Code.Unauthenticated:
      return "Unauthorized";
    case Code.PermissionDenied:
      return "Forbidden";
    case Code.ResourceExhausted:
      return "QuotaExceeded";
    case Code.Unknown:
    case Code.Internal:
    case Code.DataLoss:
    case Code.Unimplemented:
      return "Permanent";
  }
}
