import { createServer as createHttp1, type RequestListener } from "node:http";
import { createServer as createHttp2, createSecureServer, type Http2Session } from "node:http2";
import { createServer as createTcp, type Server, type Socket } from "node:net";

export interface MixedServer {
  readonly server: Server;
  /** Asks every connection to end when its requests have. */
  endConnections(): void;
  /** Cuts what is left. */
  cutConnections(): void;
}

export interface TlsOptions {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

/** How HTTP/2 begins where both sides know it is: `PRI * HTTP/2.0`. */
const PREFACE = Buffer.from("PRI");
const FIRST_BYTES_MS = 30_000;

/**
 * One port for HTTP/2 and HTTP/1.1: with TLS as the client chooses, without by its first bytes; Node's own HTTP/2 server
 * takes no HTTP/1.1 in clear text.
 */
export function createMixedServer(handler: RequestListener, tls: TlsOptions | undefined): MixedServer {
  const sockets = new Set<Socket>();
  const sessions = new Set<Http2Session>();
  const remember = (session: Http2Session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // What broke is told to the calls on it.
    session.on("error", () => {});
  };
  const listener = handler as never;
  let server: Server;
  let idle: () => void;
  if (tls === undefined) {
    const http1 = createHttp1(handler);
    const http2 = createHttp2({}, listener);
    http2.on("session", remember);
    server = createTcp((socket) => {
      byFirstBytes(socket, (isHttp2) => (isHttp2 ? http2 : http1).emit("connection", socket));
    });
    idle = () => http1.closeIdleConnections();
  } else {
    const secure = createSecureServer({ ...tls, allowHTTP1: true }, listener);
    secure.on("session", remember);
    server = secure;
    idle = () => {};
  }
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  });
  return {
    server,
    endConnections() {
      idle();
      for (const session of sessions) session.close();
    },
    cutConnections() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function byFirstBytes(socket: Socket, choose: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const look = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    if (seen.length < PREFACE.length && PREFACE.subarray(0, seen.length).equals(seen)) return;
    socket.off("data", look);
    socket.setTimeout(0);
    socket.pause();
    socket.unshift(seen);
    const isHttp2 = seen.subarray(0, PREFACE.length).equals(PREFACE);
    choose(isHttp2);
    // An HTTP/2 session takes what was put back by itself, in the next tick; resumed, the socket would lose it before.
    if (!isHttp2) socket.resume();
  };
  socket.setTimeout(FIRST_BYTES_MS, () => socket.destroy());
  socket.on("data", look);
}
