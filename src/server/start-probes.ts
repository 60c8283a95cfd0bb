import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReadinessPart } from "../api/rest/api-deps.ts";
import type { Address } from "../config/setting.ts";
import { ExecError } from "../errors.ts";
import { listenError } from "./listen-error.ts";

export interface ProbesOptions {
  readonly listen: Address;
  readonly readiness: readonly ReadinessPart[];
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

export interface Probes {
  readonly port: number;
  close(): Promise<void>;
}

/** How long a part may take to answer before it counts as missing. */
const ANSWER_LIMIT_MS = 5_000;

/** Serves `/healthz`, `/readyz` and `/metrics` for a process that has no API. Rejects with `Permanent` where the port is taken. */
export async function startProbes({ listen, readiness, metrics }: ProbesOptions): Promise<Probes> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? "").split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD") return send(response, 405, "only GET\n");
    if (path === "/healthz") return sendJson(response, 200, { ok: true });
    if (path === "/metrics") {
      response.setHeader("content-type", metrics.contentType);
      return send(response, 200, await metrics.text());
    }
    if (path !== "/readyz") return send(response, 404, "there are /healthz, /readyz and /metrics\n");
    const parts = Object.fromEntries(await Promise.all(readiness.map(stateOf)));
    const ready = Object.values(parts).every(({ ok }) => ok);
    sendJson(response, ready ? 200 : 503, { ready, parts });
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => send(response, 500, "failed\n"));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, listen, "--probes-listen")));
    server.listen(listen.port, listen.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface PartState {
  readonly ok: boolean;
  readonly ms: number;
  readonly code?: string;
}

/** In the shape that the API has. */
async function stateOf({ name, check }: ReadinessPart): Promise<readonly [string, PartState]> {
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new ExecError("Timeout", `${name} does not answer`)),
    ANSWER_LIMIT_MS,
  );
  try {
    await Promise.race([check(), limit.promise]);
    return [name, { ok: true, ms: ms() }];
  } catch (error) {
    // No more than the code: addresses of other servers are nobody's business here.
    return [name, { ok: false, ms: ms(), code: error instanceof ExecError ? error.code : "Internal" }];
  } finally {
    clearTimeout(timer);
  }
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.setHeader("content-type", "application/json; charset=utf-8");
  send(response, status, JSON.stringify(value));
}

function send(response: ServerResponse, status: number, body: string): void {
  if (response.headersSent) return;
  response.statusCode = status;
  if (!response.hasHeader("content-type")) response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end(body);
}
