import { ExecError } from "../../errors.ts";
import type { Operations } from "./gen/operations.ts";
import { readEvents, type ServerEvent } from "./read-events.ts";
import { networkError, problemError } from "./response-error.ts";

export interface ClientOptions {
  /** Of the server: `https://ci.example.org`. */
  readonly url: string;
  readonly token: string;
  readonly fetch?: typeof fetch;
  /** Waits before a try again; absent: a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export type RouteKey = keyof Operations;
export type ResponseOf<K extends RouteKey> = Operations[K]["response"];

/** What a route takes: each part only where the route has one. */
export type RequestOf<K extends RouteKey> = Given<"params", Operations[K]["params"]> &
  Given<"query", Operations[K]["query"]> &
  Given<"body", Operations[K]["body"]> &
  RequestExtras;

type Given<Name extends string, T> = [T] extends [undefined]
  ? { readonly [N in Name]?: undefined }
  : undefined extends T
    ? { readonly [N in Name]?: T }
    : Record<never, never> extends T
      ? { readonly [N in Name]?: T }
      : { readonly [N in Name]: T };

interface RequestExtras {
  readonly signal?: AbortSignal;
  /** Of a POST: the same request again gets the same answer. */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of the API of one server. Errors are `ExecError` with the problem's code. */
export interface ApiClient {
  readonly url: string;
  /** The answer as JSON. */
  request<K extends RouteKey>(route: K, ...input: Input<K>): Promise<ResponseOf<K>>;
  /** The answer as it comes: logs, files. */
  open<K extends RouteKey>(route: K, ...input: Input<K>): Promise<Response>;
  /**
   * Server-sent events of a route, until one of the type `end`. A cut connection is taken up again after the last event,
   * as often as it takes, while the server is there.
   */
  events<K extends RouteKey>(route: K, ...input: Input<K>): AsyncGenerator<ServerEvent>;
  /** All items of a list that comes in pages. */
  pages<K extends PagedRoute>(route: K, ...input: Input<K>): AsyncGenerator<ItemOf<K>>;
}

type Input<K extends RouteKey> =
  Record<never, never> extends RequestOf<K> ? [input?: RequestOf<K>] : [input: RequestOf<K>];
type Paged = { readonly items: readonly unknown[]; readonly next?: string };
export type PagedRoute = {
  [K in RouteKey]: Operations[K]["response"] extends Paged
    ? Operations[K]["query"] extends { readonly cursor?: string }
      ? K
      : never
    : never;
}[RouteKey];
type ItemOf<K extends PagedRoute> =
  ResponseOf<K> extends { readonly items: readonly (infer T)[] } ? T : never;

interface Loose extends RequestExtras {
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
}

/** Reconnections in a row without an event before the last error is given up to the caller. */
const MAX_RECONNECTS = 10;
const RECONNECT_MS = 1_000;

export function createClient(options: ClientOptions): ApiClient {
  const { token, fetch: send = fetch, sleep = wait } = options;
  const url = options.url.replace(/\/+$/, "");

  const open = async (route: string, input: Loose = {}): Promise<Response> => {
    const [method = "GET", path = "/"] = route.split(" ");
    const headers: Record<string, string> = { authorization: `Bearer ${token}`, ...input.headers };
    if (input.body !== undefined) headers["content-type"] = "application/json";
    if (input.idempotencyKey !== undefined) headers["idempotency-key"] = input.idempotencyKey;
    const address = `${url}/api/v1${pathOf(path, input.params)}${queryOf(input.query)}`;
    let response: Response;
    try {
      response = await send(address, {
        method,
        headers,
        ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
        ...(input.signal !== undefined && { signal: input.signal }),
      });
    } catch (error) {
      throw networkError(error, url, input.signal);
    }
    if (response.ok) return response;
    throw await problemError(response);
  };

  const request = async (route: string, input?: Loose): Promise<unknown> => {
    const response = await open(route, input);
    const text = await response.text().catch((error: unknown) => {
      throw networkError(error, url, input?.signal);
    });
    if (!/json/.test(response.headers.get("content-type") ?? "")) return text === "" ? undefined : text;
    return JSON.parse(text);
  };

  async function* events(route: string, input: Loose = {}): AsyncGenerator<ServerEvent> {
    let lastId: string | undefined;
    let failures = 0;
    for (;;) {
      try {
        const headers = {
          ...input.headers,
          accept: "text/event-stream",
          ...(lastId !== undefined && { "last-event-id": lastId }),
        };
        const response = await open(route, { ...input, headers });
        for await (const event of readEvents(response)) {
          failures = 0;
          lastId = event.id ?? lastId;
          yield event;
          if (event.event === "end") return;
        }
        // Ended without `end`: the server stops, or something between cut the connection.
        failures += 1;
        if (failures > MAX_RECONNECTS) {
          throw new ExecError("Transient", `${url} ends the stream again and again.`);
        }
      } catch (error) {
        const again = networkError(error, url, input.signal);
        failures += 1;
        if (!again.retryable || failures > MAX_RECONNECTS) throw again;
      }
      await sleep(Math.min(failures, 5) * RECONNECT_MS, input.signal);
    }
  }

  async function* pages(route: string, input: Loose = {}): AsyncGenerator<unknown> {
    let cursor: string | undefined;
    do {
      const query = { ...input.query, ...(cursor !== undefined && { cursor }) };
      const page = (await request(route, { ...input, query })) as Paged;
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  // The types of the table say what the untyped functions above do.
  return { url, open, request, events, pages } as unknown as ApiClient;
}

function pathOf(path: string, params: Loose["params"] = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
    const value = String(params[name] ?? "");
    // A browser's or Node's URL would take these for steps between folders.
    if (value === "" || value === "." || value === "..") {
      throw new ExecError("InvalidSpec", `The ${name} must not be ${JSON.stringify(value)}.`);
    }
    return encodeURIComponent(value);
  });
}

function queryOf(query: Loose["query"] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  return text === "" ? "" : `?${text}`;
}

function wait(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const over = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", over);
      resolve();
    }, ms);
    signal?.addEventListener("abort", over, { once: true });
  });
}
