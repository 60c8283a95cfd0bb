/** The API server over HTTP: who asks, what goes wrong by script, whether they may, and who answers. */
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../../../../src/clock.ts";
import { ApiError, tooOld } from "../api-error.ts";
import type { NewObject } from "../cluster-object.ts";
import type { Fault, FaultScript } from "../faults/fault-script.ts";
import type { CountedRequest, RequestCounters } from "../faults/request-counters.ts";
import type { Kubelet } from "../kubelet/kubelet.ts";
import type { Registry } from "../registry.ts";
import { accessReview } from "./access-review.ts";
import { type AccessAttributes, accessDenied, allows, type PolicyRule } from "./access-rules.ts";
import type { ServerCertificates } from "./certificates.ts";
import { discoveryDocument } from "./discovery.ts";
import { ObjectLists } from "./object-list.ts";
import { answerObjectRequest } from "./object-requests.ts";
import { answerLog } from "./pod-log.ts";
import { Reply } from "./reply.ts";
import { requestBody } from "./request-body.ts";
import { type RequestTarget, requestTarget } from "./request-target.ts";
import { WatchStream } from "./watch-stream.ts";

export interface ServerUser {
  readonly name: string;
  readonly token: string;
  /** May be changed while the server runs. */
  rules: readonly PolicyRule[];
}

export interface ApiServerParts {
  readonly registry: Registry;
  readonly kubelet: () => Kubelet;
  readonly users: readonly ServerUser[];
  readonly faults: FaultScript;
  readonly counters: RequestCounters;
  readonly clock: Clock;
  readonly bookmarkMs: number;
  readonly certificates: ServerCertificates | undefined;
}

export class ApiServer {
  readonly lists: ObjectLists;
  readonly #parts: ApiServerParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<WatchStream>();

  constructor(parts: ApiServerParts) {
    this.#parts = parts;
    this.lists = new ObjectLists(parts.registry.store);
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#answer(request, response);
    const { certificates } = parts;
    this.#server =
      certificates === undefined
        ? createHttp(answer)
        : createHttps({ cert: certificates.certificate, key: certificates.key }, answer);
    this.#server.keepAliveTimeout = 30_000;
    this.#server.on("connection", (socket: Socket) => {
      if (parts.faults.isDown) {
        socket.resetAndDestroy();
        return;
      }
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    });
  }

  /** Listens on 127.0.0.1; gives the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  cutConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  closeWatches(how: "end" | "cut" | "gone"): void {
    for (const watch of [...this.#watches]) watch.close(how);
  }

  async close(): Promise<void> {
    this.closeWatches("end");
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cutConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { faults, counters, registry } = this.#parts;
    const reply = new Reply(response);
    if (faults.isDown) {
      reply.drop();
      return;
    }
    if (faults.skewMs !== 0) reply.header("Date", new Date(registry.now()).toUTCString());
    const url = new URL(request.url ?? "/", "http://cluster");
    const target = requestTarget(request.method ?? "GET", url);
    const user = this.#userOf(request);
    const counted = countedAs(target, url, request, user?.name ?? "system:anonymous");
    counters.add(counted);
    try {
      const struck = faults.strike(counted);
      if (await this.#strike(struck, reply, counted)) return;
      if (/^\/(healthz|livez|readyz)/.test(url.pathname)) {
        reply.start(200, "text/plain");
        reply.write("ok");
        reply.end();
        return;
      }
      if (user === undefined) throw new ApiError(401, "Unauthorized", "Unauthorized");
      if (target === undefined) {
        const document = discoveryDocument(url.pathname);
        if (document === undefined) {
          reply.start(404, "text/plain; charset=utf-8");
          reply.write("404 page not found\n");
          reply.end();
          return;
        }
        reply.json(200, document);
        return;
      }
      await this.#resource(target, user, url, request, reply, counted, struck);
    } catch (error) {
      reply.error(error);
    }
  }

  /** Plays the faults that come before an answer. True: there is to be none. */
  async #strike(struck: readonly Fault[], reply: Reply, counted: CountedRequest): Promise<boolean> {
    for (const fault of struck) {
      switch (fault.kind) {
        case "delay":
          await new Promise<void>((resolve) => this.#parts.clock.after(fault.ms, resolve));
          break;
        case "hang":
          if (fault.ms !== undefined) {
            const takeBack = this.#parts.clock.after(fault.ms, () => reply.drop());
            reply.onClose(takeBack);
          }
          return true;
        case "drop":
          if (fault.when === "after") {
            reply.dropInstead();
            break;
          }
          reply.drop();
          return true;
        case "cut":
          reply.cutAfter(fault.afterBytes);
          break;
        case "answer":
          throw scriptedAnswer(fault);
        case "gone":
          if (fault.as === "http" || (fault.as === undefined && counted.verb !== "watch")) {
            throw tooOld("1", this.#parts.registry.store.version);
          }
          break;
        default:
          break;
      }
    }
    return false;
  }

  async #resource(
    target: RequestTarget,
    user: ServerUser,
    url: URL,
    request: IncomingMessage,
    reply: Reply,
    counted: CountedRequest,
    struck: readonly Fault[],
  ): Promise<void> {
    const { registry, counters, clock, bookmarkMs, faults } = this.#parts;
    if (target.group === "authorization.k8s.io" && target.resource === "selfsubjectaccessreviews") {
      const body = (await requestBody(request)) as NewObject;
      reply.json(
        201,
        accessReview(body, (asked) => this.#may(user, asked, counted)),
      );
      return;
    }
    const asked: AccessAttributes = {
      verb: target.verb,
      group: target.group,
      resource: target.resource,
      ...(target.subresource === undefined ? {} : { subresource: target.subresource }),
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      ...(target.name === undefined ? {} : { name: target.name }),
    };
    if (faults.isDenied(counted) || !allows(user.rules, asked)) throw accessDenied(user.name, asked);
    const { kind } = target;
    if (
      kind === undefined ||
      (target.subresource !== undefined && !kind.subresources.includes(target.subresource))
    ) {
      throw new ApiError(404, "NotFound", "the server could not find the requested resource", {});
    }
    const namespace = kind.namespaced ? target.namespace : undefined;
    if (target.verb === "watch") {
      const query = new URLSearchParams(url.searchParams);
      if (target.name !== undefined) query.append("fieldSelector", `metadata.name=${target.name}`);
      const release = counters.opened("watch", counted);
      reply.onClose(release);
      try {
        const context = { store: registry.store, clock, bookmarkMs };
        const watch = new WatchStream(context, kind, namespace, query, reply, struck);
        this.#watches.add(watch);
        reply.onClose(() => this.#watches.delete(watch));
      } catch (error) {
        release();
        throw error;
      }
      return;
    }
    if (target.subresource === "log") {
      const pod = registry.require("pods", namespace, target.name ?? "");
      const opened = () => counters.opened("log", counted);
      await answerLog(this.#parts.kubelet(), pod, url.searchParams, reply, registry.now(), opened);
      return;
    }
    await answerObjectRequest(registry, this.lists, { target, kind, url, request, reply, user: user.name });
  }

  #may(user: ServerUser, asked: AccessAttributes, like: CountedRequest): boolean {
    const request: CountedRequest = {
      ...like,
      verb: asked.verb,
      resource: asked.subresource === undefined ? asked.resource : `${asked.resource}/${asked.subresource}`,
      namespace: asked.namespace,
      name: asked.name,
    };
    return allows(user.rules, asked) && !this.#parts.faults.isDenied(request);
  }

  #userOf(request: IncomingMessage): ServerUser | undefined {
    const match = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "");
    return this.#parts.users.find(({ token }) => token === match?.[1]);
  }
}

function countedAs(
  target: RequestTarget | undefined,
  url: URL,
  request: IncomingMessage,
  user: string,
): CountedRequest {
  const resource =
    target === undefined
      ? url.pathname
      : target.subresource === undefined
        ? target.resource
        : `${target.resource}/${target.subresource}`;
  return {
    verb: target?.verb ?? "get",
    resource,
    namespace: target?.namespace,
    name: target?.name,
    userAgent: request.headers["user-agent"] ?? "",
    user,
  };
}

/** What Kubernetes says with these codes, where the test does not say other words. */
const WORDS: Readonly<Record<number, readonly [reason: string, message: string]>> = {
  401: ["Unauthorized", "Unauthorized"],
  403: ["Forbidden", "forbidden"],
  409: [
    "Conflict",
    "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
  ],
  410: ["Expired", "The resourceVersion for the provided list is too old."],
  429: ["TooManyRequests", "the server has received too many requests and has asked us to try again later"],
  500: ["InternalError", "Internal error occurred: etcdserver: leader changed"],
  503: ["ServiceUnavailable", "the server is currently unable to handle the request"],
  504: ["Timeout", "Timeout: request did not complete within the allotted timeout"],
};

function scriptedAnswer(fault: Extract<Fault, { kind: "answer" }>): ApiError {
  const [reason, message] = WORDS[fault.code] ?? ["", "scripted"];
  const { retryAfterSeconds } = fault;
  return new ApiError(
    fault.code,
    fault.reason ?? reason,
    fault.message ?? message,
    retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
  );
}
