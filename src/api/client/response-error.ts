import { ExecError, type ExecErrorCode } from "../../errors.ts";

/** Of what a newer server, or something before the server, answers: by the status alone. */
function codeOf(status: number): ExecErrorCode {
  if (status === 401) return "Unauthorized";
  if (status === 403) return "Forbidden";
  if (status === 404) return "NotFound";
  if (status === 409) return "Conflict";
  if (status === 504 || status === 408) return "Timeout";
  if (status === 429 || status === 502 || status === 503) return "Transient";
  if (status === 413 || status === 507) return "QuotaExceeded";
  return status >= 500 ? "Permanent" : "InvalidSpec";
}

const CODES: readonly string[] = [
  "InvalidSpec",
  "NotFound",
  "Conflict",
  "Transient",
  "Timeout",
  "Cancelled",
  "Permanent",
  "Unauthorized",
  "Forbidden",
  "QuotaExceeded",
] satisfies readonly ExecErrorCode[];

/** The error that a problem of the API's tells of; its cause is the problem. */
export async function problemError(response: Response): Promise<ExecError> {
  const text = await response.text().catch(() => "");
  const { code, detail, title, requestId } = parse(text);
  const known = CODES.find((each) => each === code) as ExecErrorCode | undefined;
  const retryAfter = Number(response.headers.get("retry-after"));
  const message = detail ?? title ?? `The server answered ${response.status}.`;
  return new ExecError(known ?? codeOf(response.status), message, {
    ...(retryAfter > 0 && { retryAfterMs: retryAfter * 1000 }),
    cause: { status: response.status, code, requestId },
  });
}

/** What went wrong before an answer, or in the middle of one. */
export function networkError(error: unknown, url: string, signal: AbortSignal | undefined): ExecError {
  if (error instanceof ExecError) return error;
  if (signal?.aborted) return new ExecError("Cancelled", "The request was cancelled.", { cause: error });
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const reason = cause instanceof Error && cause.message !== "" ? cause.message : message;
  return new ExecError("Transient", `${url} cannot be reached: ${reason}`, { cause: error });
}

interface MaybeProblem {
  readonly code?: string;
  readonly detail?: string;
  readonly title?: string;
  readonly requestId?: string;
}

function parse(text: string): MaybeProblem {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
