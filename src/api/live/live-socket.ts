import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import { problemOf } from "../problem.ts";
import { noBuild, noProject } from "../rest/access.ts";
import type { ApiDeps } from "../rest/api-deps.ts";
import { credentialsOf, requireSameOrigin } from "../rest/credentials.ts";
import { requestIdOf } from "../rest/request-limits.ts";
import { type Found, LiveConnection } from "./live-connection.ts";
import { CLOSE } from "./live-message.ts";
import type { LiveParts } from "./live-parts.ts";

const PATHS: readonly string[] = ["/api/v1/live", "/api/live"];
const PROTOCOL = "slipway.v1";
const MAX_MESSAGE_BYTES = 16 * 1024;
const MAX_CONNECTIONS = 5_000;

export type LiveSocketDeps = Pick<ApiDeps, "store" | "authenticator" | "clock" | "logger" | "settings">;

/** True for a request that `LiveSocket` would answer. */
export function isLiveUpgrade(request: Pick<IncomingMessage, "url" | "headers">): boolean {
  const path = request.url?.split("?", 1)[0] ?? "";
  return request.headers.upgrade?.toLowerCase() === "websocket" && PATHS.includes(path);
}

/** The WebSocket of live builds and projects. */
export class LiveSocket {
  readonly #deps: LiveSocketDeps;
  readonly #live: LiveParts;
  readonly #connections = new Set<LiveConnection>();
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: (protocols) => (protocols.has(PROTOCOL) ? PROTOCOL : false),
  });

  constructor(deps: LiveSocketDeps, live: LiveParts) {
    this.#deps = deps;
    this.#live = live;
  }

  get size(): number {
    return this.#connections.size;
  }

  attach(server: Server): void {
    server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      const id = requestIdOf(request.headers["x-request-id"], this.#deps.clock.now());
      this.#open(request, socket, head, id).catch((error: unknown) => {
        if (!(error instanceof ExecError)) this.#note(error, id);
        refuse(socket, error, id);
      });
    });
  }

  /** Ends every connection with the code that tells clients to come back. */
  close(): void {
    for (const connection of [...this.#connections]) connection.close(CLOSE.comeBack);
    this.#server.close();
  }

  async #open(request: IncomingMessage, socket: Duplex, head: Buffer, requestId: string): Promise<void> {
    if (!isLiveUpgrade(request)) throw new ExecError("NotFound", "There is no WebSocket at this address.");
    if (this.#live.stopping.aborted) throw new ExecError("Transient", "The server stops.");
    if (this.#connections.size >= MAX_CONNECTIONS) throw new ExecError("Transient", "Too many connections.");
    const bearer = await this.#admit(request);
    const { clock } = this.#deps;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = new LiveConnection(
        {
          socket: webSocket,
          bearer,
          requestId,
          find: (what) => this.#find(bearer, what),
          after: (delayMs, callback) => clock.after(delayMs, callback),
          now: () => clock.now(),
          failed: (error) => this.#note(error, requestId),
        },
        this.#live,
      );
      this.#connections.add(connection);
      webSocket.once("close", () => this.#connections.delete(connection));
      // It came while the server began to stop.
      if (this.#live.stopping.aborted) connection.close(CLOSE.comeBack);
    });
  }

  #note(error: unknown, requestId: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#deps.logger.error({ requestId, error: text }, "a live view failed for a reason of ours");
  }

  /** The token of a header, of a subprotocol (browsers can set no header), or of the session's cookie. */
  async #admit({ headers }: IncomingMessage): Promise<string | undefined> {
    const offered = headers["sec-websocket-protocol"]?.split(",").map((name) => name.trim()) ?? [];
    const inProtocol = offered.find((name) => name.startsWith("bearer."))?.slice("bearer.".length);
    const { bearer, from } = credentialsOf(headers);
    if (inProtocol === undefined && from === "cookie")
      requireSameOrigin(headers, this.#deps.settings.publicUrl);
    const chosen = inProtocol ?? bearer;
    await this.#deps.authenticator.authenticate(chosen);
    return chosen;
  }

  async #find(
    bearer: string | undefined,
    { build, project }: { readonly build?: string; readonly project?: string },
  ): Promise<Found> {
    const { authenticator, store } = this.#deps;
    const principal = await authenticator.authenticate(bearer);
    if (build !== undefined) {
      const { id, projectId } = await seen(store.builds.get(build), noBuild, principal);
      return { kind: "build", id, projectId };
    }
    const record = store.projects.getProject(project ?? "").then(({ id }) => ({ id, projectId: id }));
    const { projectId } = await seen(record, noProject, principal);
    return { kind: "project", projectId };
  }
}

/** What may not be seen is not there. */
async function seen<T extends { readonly projectId: string }>(
  lookup: Promise<T>,
  none: () => ExecError,
  principal: Principal,
): Promise<T> {
  try {
    const record = await lookup;
    requirePermission(principal, "project:read", record.projectId);
    return record;
  } catch (error) {
    throw error instanceof ExecError && error.code === "NotFound" ? none() : error;
  }
}

function refuse(socket: Duplex, error: unknown, requestId: string): void {
  const { problem, headers } = problemOf(error, { id: requestId });
  const body = JSON.stringify(problem);
  const lines = Object.entries({
    ...headers,
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": String(Buffer.byteLength(body)),
    "x-request-id": requestId,
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${problem.status} ${problem.title}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
}
