/**
 * What an API server refuses, as `ExecError`. Codes of HTTP and reasons of its `Status` lead; its texts are matched in
 * `cluster-words.ts` alone.
 */
import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { refusalOf } from "./cluster-words.ts";

/** A watch or list asked for a version that the server has forgotten: list anew. */
export class KubeGone extends ExecError {
  constructor(message: string) {
    super("Transient", message);
  }
}

export interface KubeRefusal {
  /** What was asked, for a person: `create jobs in namespace 'ci'`. */
  readonly asked: string;
  readonly httpStatus: number;
  readonly body: string;
  readonly retryAfterMs?: number;
}

/** The `Status` that the API server sends with a refusal. */
export interface KubeStatus {
  readonly message: string;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
}

export function parseKubeStatus(body: string): KubeStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "Status")
    return undefined;
  const { message, reason, details } = value as { message?: unknown; reason?: unknown; details?: unknown };
  const seconds =
    typeof details === "object" && details !== null && "retryAfterSeconds" in details
      ? details.retryAfterSeconds
      : undefined;
  return {
    message: typeof message === "string" ? message : "",
    reason: typeof reason === "string" ? reason : "",
    retryAfterMs: typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined,
  };
}

export function kubeError({ asked, httpStatus, body, retryAfterMs }: KubeRefusal): ExecError {
  const status = parseKubeStatus(body);
  const words = status?.message || body.trim().slice(0, 500) || `HTTP ${httpStatus}`;
  if (httpStatus === 410) return new KubeGone(`The cluster refused to ${asked}: ${words}`);
  const code = codeOf(httpStatus, status?.reason ?? "", words);
  const after = retryAfterMs ?? status?.retryAfterMs;
  return new ExecError(code, `The cluster refused to ${asked}: ${words}${adviceOf(code, httpStatus)}`, {
    ...(after === undefined ? {} : { retryAfterMs: after }),
    // A quota is full for now: what runs will end.
    ...(code === "QuotaExceeded" ? { retryable: true } : {}),
  });
}

/** No answer at all. */
export function kubeUnreachable(asked: string, cause: unknown): ExecError {
  const words = cause instanceof Error ? cause.message : String(cause);
  return new ExecError("Transient", `The cluster's API server cannot be reached (${asked}): ${words}`, {
    cause,
  });
}

function codeOf(httpStatus: number, reason: string, words: string): ExecErrorCode {
  if (httpStatus === 403) return refusalOf(words)?.code ?? "Forbidden";
  if (httpStatus === 401) return "Unauthorized";
  if (httpStatus === 404) return "NotFound";
  if (httpStatus === 409)
    return reason === "AlreadyExists" || reason === "Conflict" ? "Conflict" : "Transient";
  if (httpStatus === 422 || httpStatus === 400) return refusalOf(words)?.code ?? "InvalidSpec";
  if (httpStatus === 413) return "InvalidSpec";
  if (httpStatus === 429 || httpStatus >= 500) return refusalOf(words)?.code ?? "Transient";
  return "Permanent";
}

function adviceOf(code: ExecErrorCode, httpStatus: number): string {
  if (httpStatus === 401) return " (the credentials of the kubeconfig or service account are not accepted)";
  if (code === "Forbidden") return " (see the Role that Slipway ships, and the namespace's admission rules)";
  return "";
}
