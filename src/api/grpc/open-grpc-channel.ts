import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { ExecError } from "../../errors.ts";

export interface GrpcChannelOptions {
  /** `http://host:port`, or `https://` with TLS. */
  readonly url: string;
  /** Service secret or API token. */
  readonly bearer: string;
  /** PEM of the authorities to trust; Node's own where absent. */
  readonly ca?: string;
}

/** A connection to another process's services. It connects when it is used, and again when it was cut. */
export interface GrpcChannel {
  readonly transport: Transport;
  /** Cuts the connection: calls that run fail as `Transient`. */
  close(): void;
}

/** A server that answers no ping is gone, though nobody closed the connection. */
const PING_EVERY_MS = 20_000;
const PING_ANSWER_MS = 10_000;

/** Throws `InvalidSpec` for an address that is none. */
export function openGrpcChannel({ url, bearer, ca }: GrpcChannelOptions): GrpcChannel {
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(url) || !URL.canParse(url)) {
    throw new ExecError(
      "InvalidSpec",
      `'${url}' is no address of a gRPC server: http://host:port or https://host:port.`,
    );
  }
  const sessionManager = new Http2SessionManager(
    url,
    { pingIntervalMs: PING_EVERY_MS, pingTimeoutMs: PING_ANSWER_MS },
    ca === undefined ? {} : { ca },
  );
  const authorize: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${bearer}`);
    return next(request);
  };
  return {
    transport: createGrpcTransport({
      baseUrl: url.replace(/\/$/, ""),
      sessionManager,
      interceptors: [authorize],
    }),
    close: () => sessionManager.abort(),
  };
}
