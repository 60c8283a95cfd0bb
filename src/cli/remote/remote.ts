import { ExecError, type ExecErrorCode } from "../../errors.ts";
import { UsageError } from "../usage-error.ts";

export interface RemoteOptions {
  /** `https://ci.example.org`, without a slash at the end. */
  readonly address: string;
  readonly token: string;
  /** Absent: this process's. */
  readonly fetch?: typeof fetch;
}

export interface RemoteRequest {
  readonly query?: { readonly [name: string]: string | number | boolean | undefined };
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  readonly signal?: AbortSignal;
}

/** What a server says in its problems (RFC 9457). */
interface Problem {
  readonly detail?: string;
  readonly title?: string;
  readonly code?: string;
  readonly errors?: readonly { readonly field?: string; readonly message?: string }[];
  readonly requestId?: string;
}

const CODES: { readonly [status: number]: ExecErrorCode } = {
  400: "InvalidSpec",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  422: "InvalidSpec",
  429: "QuotaExceeded",
  503: "Transient",
};

/** A server's API, as the commands call it. Rejects with `ExecError` and a text for people. */
export class Remote {
  readonly address: string;
  readonly #token: string;
  readonly #fetch: typeof fetch;

  constructor({ address, token, fetch: given = fetch }: RemoteOptions) {
    this.address = address;
    this.#token = token;
    this.#fetch = given;
  }

  get<T>(path: string, request: RemoteRequest = {}): Promise<T> {
    return this.#json("GET", path, request);
  }

  /** `method` other than POST where the route wants it. */
  async send<T>(
    method: "POST" | "PUT" | "PATCH" | "DELETE",
    path: string,
    request: RemoteRequest = {},
  ): Promise<T> {
    return await this.#json(method, path, request);
  }

  /** An answer whose body is read as it comes. */
  async open(path: string, request: RemoteRequest = {}): Promise<Response> {
    const response = await this.#call("GET", path, request);
    if (!response.ok) throw await this.#failure(response);
    return response;
  }

  /** All items of a list, page by page, until `limit`. */
  async list<T>(path: string, request: RemoteRequest = {}, limit = Number.POSITIVE_INFINITY): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const size = Math.min(200, limit - items.length);
      const page: { items: T[]; next?: string } = await this.get(path, {
        ...request,
        query: { ...request.query, limit: size, cursor },
      });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined && items.length < limit);
    return items;
  }

  async #json<T>(method: string, path: string, request: RemoteRequest): Promise<T> {
    const response = await this.#call(method, path, request);
    if (!response.ok) throw await this.#failure(response);
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  }

  async #call(
    method: string,
    path: string,
    { query = {}, body, headers = {}, signal }: RemoteRequest,
  ): Promise<Response> {
    const url = new URL(`${this.address}${path.startsWith("/api/") ? path : `/api/v1${path}`}`);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    try {
      return await this.#fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          accept: "application/json",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ExecError("Transient", `Cannot reach ${this.address}: ${reason(error)}.`, { cause: error });
    }
  }

  async #failure(response: Response): Promise<Error> {
    const problem = await readProblem(response);
    if (response.status === 401) {
      return new UsageError(
        `${this.address} does not take this token${problem.detail === undefined ? "" : `: ${problem.detail}`}`,
        `Log in again: slipway login ${this.address}`,
      );
    }
    const what = problem.detail ?? problem.title ?? `the server answered ${response.status}`;
    const details = (problem.errors ?? [])
      .map(({ field, message = "" }) => (field ? `${field}: ${message}` : message))
      // The only one is often all that is said.
      .filter((detail) => !what.includes(detail))
      .map((detail) => `\n  ${detail}`);
    const request =
      response.status >= 500 && problem.requestId !== undefined ? ` (request ${problem.requestId})` : "";
    return new ExecError(CODES[response.status] ?? "Permanent", `${what}${details.join("")}${request}`);
  }
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const problem: unknown = await response.json();
    return typeof problem === "object" && problem !== null ? problem : {};
  } catch {
    return {};
  }
}

/** Node says "fetch failed" and hides why in the cause. */
function reason(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  const words: { readonly [code: string]: string } = {
    ECONNREFUSED: "nobody listens there",
    ENOTFOUND: "there is no such host",
    ECONNRESET: "the connection was cut",
    ETIMEDOUT: "it does not answer",
  };
  if (code !== undefined && words[code] !== undefined) return words[code];
  return cause instanceof Error && cause.message !== "" ? cause.message : (code ?? String(error));
}
