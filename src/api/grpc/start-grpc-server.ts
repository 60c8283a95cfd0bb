import type { AddressInfo } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import { authenticateCalls, type GrpcCredentials } from "./authenticate-calls.ts";
import type { GrpcHealth } from "./grpc-health.ts";
import { grpcRoutes, type OfferedServices } from "./grpc-routes.ts";
import { createMixedServer, type TlsOptions } from "./mixed-server.ts";
import { observeCalls } from "./observe-calls.ts";

export interface GrpcServerOptions extends OfferedServices {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  readonly credentials: GrpcCredentials;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface GrpcServer {
  /** `http://127.0.0.1:9090`. */
  readonly url: string;
  readonly port: number;
  readonly health: GrpcHealth;
  /** Takes no new calls; streams end with `Unavailable`, other calls have `limitMs` to end. Idempotent. */
  close(limitMs: number): Promise<void>;
}

/** A pipeline file of 2 MiB and what comes with it. */
const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/**
 * Serves the services over gRPC, gRPC-Web and Connect on one port, over HTTP/2 (also without TLS) and HTTP/1.1.
 * Rejects with `Permanent` where the port cannot be had.
 */
export async function startGrpcServer(options: GrpcServerOptions): Promise<GrpcServer> {
  const { host, port, tls, credentials, clock } = options;
  const stop = new AbortController();
  const { routes, health } = grpcRoutes(options, clock);
  const handler = connectNodeAdapter({
    routes,
    interceptors: [observeCalls(options), authenticateCalls(credentials)],
    shutdownSignal: stop.signal,
    readMaxBytes: MAX_MESSAGE_BYTES,
  });
  const { server, endConnections, cutConnections } = createMixedServer(handler, tls);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(notListening(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  const shownHost = address.family === "IPv6" ? `[${address.address}]` : address.address;
  let closing: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? "http" : "https"}://${shownHost}:${address.port}`,
    port: address.port,
    health,
    close(limitMs) {
      closing ??= new Promise((resolve) => {
        health.setAll(false);
        const cancel = clock.after(limitMs, cutConnections);
        server.close(() => {
          cancel();
          resolve();
        });
        stop.abort(new ConnectError("The server stops.", Code.Unavailable));
        endConnections();
      });
      return closing;
    },
  };
}

function notListening(error: NodeJS.ErrnoException, host: string, port: number): ExecError {
  const why =
    error.code === "EADDRINUSE"
      ? "the port is taken"
      : error.code === "EACCES"
        ? "this needs more rights"
        : error.message;
  return new ExecError("Permanent", `gRPC cannot be served at ${host}:${port}: ${why}.`, { cause: error });
}
