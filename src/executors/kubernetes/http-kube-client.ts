import type { IncomingMessage } from "node:http";
import { type Clock, systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { saysTooOld } from "./cluster-words.ts";
import type { KubeAccess } from "./kube-access.ts";
import type {
  KubeClient,
  KubeList,
  KubeRemoval,
  KubeResource,
  KubeSelector,
  KubeWatchEvent,
} from "./kube-client.ts";
import { KubeGone, kubeError, kubeUnreachable, parseKubeStatus } from "./kube-error.ts";
import { bodyLines, bodyText, KubeHttp, type KubeHttpRequest } from "./kube-http.ts";
import { type KubeKind, type KubeKinds, kubePath } from "./kube-kinds.ts";
import { RequestPace, type RequestPaceLimits } from "./request-pace.ts";
import { abortable } from "./wait.ts";

export interface HttpKubeClientOptions {
  /** Read with the first request. */
  readonly access: () => Promise<KubeAccess>;
  /** Absent: the system's. */
  readonly clock?: Clock;
  /** Absent: 100 a second, 200 at once. */
  readonly pace?: RequestPaceLimits;
  /** How long *later* is taken for an answer, from the first try on. Absent: 90 s. */
  readonly patienceMs?: number;
}

const IDLE_MS = 30_000;
/** The server ends a watch after this; bookmarks come about once a minute. */
const WATCH_SECONDS = 290;
const WATCH_IDLE_MS = 120_000;
const PAGE = 500;
const FIRST_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
/** An answer of the server's that names a longer wait is not waited for: the caller decides. */
const MAX_RETRY_AFTER_MS = 30_000;

type Verb = "create" | "get" | "list" | "watch" | "delete";
type Call = Omit<KubeHttpRequest, "idleMs" | "signal"> & {
  readonly verb: Verb;
  readonly asked: string;
  /** Something that is under way waits for it. */
  readonly urgent?: boolean;
};

/**
 * Speaks with an API server by plain HTTP. Every try is counted and keeps to the pace. 429, 5xx and a missing answer are
 * tried again, after `Retry-After` or with a growing pause, until the patience is over: creating twice is found out by
 * the name (`Conflict`), and everything else may be done twice.
 */
export class HttpKubeClient implements KubeClient {
  readonly requests = new Map<string, number>();
  readonly #options: HttpKubeClientOptions;
  readonly #clock: Clock;
  readonly #pace: RequestPace;
  readonly #closed = new AbortController();
  #http: Promise<KubeHttp> | undefined;

  constructor(options: HttpKubeClientOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#pace = new RequestPace(this.#clock, options.pace);
  }

  async create<K extends KubeKind>(
    kind: K,
    namespace: string,
    object: KubeKinds[K],
    signal?: AbortSignal,
  ): Promise<KubeKinds[K]> {
    const asked = `create ${kind} ${within(kind, namespace)}`;
    const call: Call = {
      verb: "create",
      method: "POST",
      path: kubePath(kind, namespace),
      body: object,
      asked,
      // The pod that wants it is on its way.
      urgent: kind === "secrets",
    };
    return parsed(await this.#answer(call, signal), asked);
  }

  async get<K extends KubeKind>(
    kind: K,
    namespace: string,
    name: string,
    signal?: AbortSignal,
  ): Promise<KubeKinds[K] | undefined> {
    const asked = `get ${kind} '${name}' ${within(kind, namespace)}`;
    const call: Call = { verb: "get", method: "GET", path: kubePath(kind, namespace, name), asked };
    return await this.#answer(call, signal).then((text) => parsed<KubeKinds[K]>(text, asked), absent);
  }

  async list<K extends KubeKind>(
    kind: K,
    namespace: string,
    selector: KubeSelector,
    signal?: AbortSignal,
  ): Promise<KubeList<KubeKinds[K]>> {
    const asked = `list ${kind} ${within(kind, namespace)}`;
    for (let restarts = 0; ; restarts++) {
      try {
        const items: KubeKinds[K][] = [];
        for (let next = ""; ; ) {
          const query = queryOf(selector, { limit: `${PAGE}`, ...(next === "" ? {} : { continue: next }) });
          const call: Call = {
            verb: "list",
            method: "GET",
            path: `${kubePath(kind, namespace)}?${query}`,
            asked,
          };
          const page = parsed<ListAnswer<KubeKinds[K]>>(await this.#answer(call, signal), asked);
          items.push(...(page.items ?? []));
          next = page.metadata?.continue ?? "";
          if (next === "") return { items, resourceVersion: page.metadata?.resourceVersion ?? "" };
        }
      } catch (error) {
        // The pages grew too old while they were read.
        if (!(error instanceof KubeGone) || restarts === 2) throw error;
      }
    }
  }

  async *watch<K extends KubeKind>(
    kind: K,
    namespace: string,
    selector: KubeSelector & { readonly resourceVersion: string },
    signal: AbortSignal,
  ): AsyncGenerator<KubeWatchEvent<KubeKinds[K]>> {
    const asked = `watch ${kind} ${within(kind, namespace)}`;
    const query = queryOf(selector, {
      watch: "1",
      allowWatchBookmarks: "true",
      timeoutSeconds: `${WATCH_SECONDS}`,
      resourceVersion: selector.resourceVersion,
    });
    const ends = this.#until(signal);
    const call: Call = { verb: "watch", method: "GET", path: `${kubePath(kind, namespace)}?${query}`, asked };
    const response = await this.#try(call, WATCH_IDLE_MS, ends);
    try {
      for await (const line of bodyLines(response)) {
        const event = watchEvent<KubeKinds[K]>(line, asked);
        if (event !== undefined) yield event;
      }
    } catch (error) {
      // A cut watch is one that ended: what is missing comes with the next.
      if (error instanceof ExecError) throw error;
    } finally {
      response.destroy();
    }
  }

  async remove(
    kind: KubeKind,
    namespace: string,
    name: string,
    { graceSeconds, uid }: KubeRemoval = {},
    signal?: AbortSignal,
  ): Promise<boolean> {
    const body = {
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: "Background",
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    const asked = `delete ${kind} '${name}' ${within(kind, namespace)}`;
    const call: Call = {
      verb: "delete",
      method: "DELETE",
      path: kubePath(kind, namespace, name),
      body,
      asked,
    };
    try {
      await this.#answer(call, signal);
      return true;
    } catch (error) {
      const gone = error instanceof ExecError && (error.code === "NotFound" || error.code === "Conflict");
      if (gone) return false;
      throw error;
    }
  }

  async podLog(
    namespace: string,
    pod: string,
    container: string,
    { tailLines, limitBytes }: { readonly tailLines: number; readonly limitBytes: number },
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const query = new URLSearchParams({
      container,
      tailLines: `${tailLines}`,
      limitBytes: `${limitBytes}`,
    });
    const asked = `read the log of pod '${pod}' in namespace '${namespace}'`;
    const path = `${kubePath("pods", namespace, pod)}/log?${query}`;
    try {
      return await this.#answer({ verb: "get", method: "GET", path, asked }, signal);
    } catch (error) {
      if (error instanceof ExecError && (error.code === "NotFound" || error.code === "InvalidSpec"))
        return undefined;
      throw error;
    }
  }

  async may(
    verb: string,
    { group, resource, subresource }: KubeResource,
    namespace: string | undefined,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const asked = "ask what it may do";
    const attributes = {
      verb,
      group,
      resource,
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
    };
    const call: Call = {
      verb: "create",
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
      body: {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: attributes },
      },
      asked,
    };
    const answer = parsed<{ readonly status?: { readonly allowed?: boolean } }>(
      await this.#answer(call, signal),
      asked,
    );
    return answer.status?.allowed === true;
  }

  close(): void {
    this.#closed.abort(new ExecError("Cancelled", "The connection to the cluster was closed."));
    void this.#http?.then((http) => http.close()).catch(() => {});
  }

  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
  }

  /** The body of an answer that is none of *later*. */
  async #answer(call: Call, signal: AbortSignal | undefined): Promise<string> {
    const ends = this.#until(signal);
    const { patienceMs = 90_000 } = this.#options;
    const giveUp = this.#clock.monotonic() + patienceMs;
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(backoff * 2, MAX_BACKOFF_MS)) {
      let error: ExecError;
      try {
        return await bodyText(await this.#try(call, IDLE_MS, ends));
      } catch (thrown) {
        ends.throwIfAborted();
        error = thrown instanceof ExecError ? thrown : kubeUnreachable(call.asked, thrown);
      }
      const pause = Math.max(backoff, error.retryAfterMs ?? 0);
      const later = error.code === "Transient" && !(error instanceof KubeGone);
      if (!later || pause > MAX_RETRY_AFTER_MS || this.#clock.monotonic() + pause > giveUp) throw error;
      await abortable(this.#clock, pause, ends);
    }
  }

  /** One try: an answer with a good status, its body not yet read. */
  async #try(call: Call, idleMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    this.#http ??= this.#connect();
    const http = await this.#http;
    await this.#pace.turn(signal, call.urgent);
    this.requests.set(call.verb, (this.requests.get(call.verb) ?? 0) + 1);
    let response: IncomingMessage;
    try {
      response = await http.send({ ...call, idleMs, signal });
    } catch (cause) {
      signal.throwIfAborted();
      throw kubeUnreachable(call.asked, cause);
    }
    const { statusCode: httpStatus = 0 } = response;
    if (httpStatus >= 200 && httpStatus < 300) return response;
    const seconds = Number(response.headers["retry-after"]);
    const body = await bodyText(response).catch(() => "");
    throw kubeError({
      asked: call.asked,
      httpStatus,
      body,
      ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: seconds * 1000 } : {}),
    });
  }

  async #connect(): Promise<KubeHttp> {
    try {
      return new KubeHttp(await this.#options.access());
    } catch (error) {
      this.#http = undefined;
      throw error;
    }
  }
}

interface ListAnswer<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string; readonly resourceVersion?: string };
}

function within(kind: KubeKind, namespace: string): string {
  return kind === "namespaces" ? "in the cluster" : `in namespace '${namespace}'`;
}

function queryOf({ labels, fields }: KubeSelector, more: { readonly [name: string]: string }): string {
  return new URLSearchParams({
    ...(labels === undefined ? {} : { labelSelector: labels }),
    ...(fields === undefined ? {} : { fieldSelector: fields }),
    ...more,
  }).toString();
}

function parsed<T>(text: string, asked: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw kubeUnreachable(asked, cause);
  }
}

function absent(error: unknown): undefined {
  if (error instanceof ExecError && error.code === "NotFound") return undefined;
  throw error;
}

/** Undefined for what is no event of a known kind. */
function watchEvent<T>(line: string, asked: string): KubeWatchEvent<T> | undefined {
  const { type, object } = parsed<{ readonly type?: string; readonly object?: unknown }>(line, asked);
  switch (type) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type, object: object as T };
    case "BOOKMARK": {
      const { metadata } = object as { readonly metadata?: { readonly resourceVersion?: string } };
      return metadata?.resourceVersion === undefined
        ? undefined
        : { type, resourceVersion: metadata.resourceVersion };
    }
    case "ERROR": {
      const body = JSON.stringify(object);
      const { code } = object as { readonly code?: number };
      const words = parseKubeStatus(body)?.message ?? "";
      const gone = code === 410 || saysTooOld(words);
      throw kubeError({ asked, httpStatus: gone ? 410 : (code ?? 500), body });
    }
    default:
      return undefined;
  }
}
