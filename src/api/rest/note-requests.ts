import type { FastifyInstance } from "fastify";
import type { ApiDeps } from "./api-deps.ts";

/** Notes every answer in the log and the numbers. What is followed for long would only blur the latencies. */
export function noteRequests(
  app: FastifyInstance,
  { logger, metrics }: Pick<ApiDeps, "logger" | "metrics">,
): void {
  app.addHook("onResponse", async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? "none";
    const ms = reply.elapsedTime;
    const status = reply.statusCode;
    if (!String(reply.getHeader("content-type")).startsWith("text/event-stream")) {
      metrics.observe("slipway_http_request_seconds", ms / 1000, { method, route, status: String(status) });
    }
    logger.debug({ requestId: request.id, method, route, status, ms: Math.round(ms * 10) / 10 }, "answered");
  });
}
