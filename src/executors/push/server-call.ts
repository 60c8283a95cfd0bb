import type { Clock } from "../../clock.ts";
import type { PushTarget } from "../../protocol/push-protocol.ts";

/** As `globalThis.fetch` does it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ServerCallOptions {
  readonly target: PushTarget;
  readonly fetch: Fetch;
  readonly clock: Pick<Clock, "after">;
}

export interface ServerAnswer {
  readonly status: number;
  /** What the body says, where it is a JSON object. */
  readonly body: { readonly [name: string]: unknown };
  /** `Retry-After` in seconds, no longer than a minute. */
  readonly retryAfterMs: number;
}

const MAX_RETRY_AFTER_MS = 60_000;

/** One request of the runner's to the server. Rejects where there is no answer within the time. */
export async function callServer(
  path: string,
  init: {
    readonly method: "GET" | "POST";
    readonly headers?: Record<string, string>;
    readonly body?: Buffer;
  },
  timeLimitMs: number,
  signal: AbortSignal,
  { target, fetch, clock }: ServerCallOptions,
): Promise<ServerAnswer> {
  const timeout = new AbortController();
  const cancel = clock.after(timeLimitMs, () => timeout.abort(new Error("no answer in time")));
  try {
    const response = await fetch(`${target.url}${path}`, {
      method: init.method,
      headers: { ...init.headers, authorization: `Bearer ${target.token}` },
      ...(init.body === undefined ? {} : { body: init.body as NonNullable<RequestInit["body"]> }),
      // The token is for this server, not for where another one points.
      redirect: "manual",
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    const text = await response.text();
    const seconds = Number(response.headers.get("retry-after") ?? 0);
    const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : 0;
    return { status: response.status, body: objectOf(text), retryAfterMs };
  } finally {
    cancel();
  }
}

function objectOf(text: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
