import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ExecError } from "../../errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import { problemOf, RequestError, type RequestErrorCode } from "../problem.ts";
import { errorPage } from "./pages/error-page.ts";

/** Fastify's own refusals, by their codes; the rest of its mistakes of a client are `BadRequest`. */
const REFUSALS: Readonly<Record<string, RequestErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "PayloadTooLarge",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "UnsupportedMediaType",
  FST_ERR_MAX_PARAM_LENGTH: "UriTooLong",
};

/** What is told of an error of whatever kind. */
function requestErrorOf(error: unknown): unknown {
  if (error instanceof ExecError) return error;
  const { statusCode, code = "", message } = error as Partial<FastifyError>;
  if (statusCode === undefined || statusCode >= 500) return error;
  return new RequestError(REFUSALS[code] ?? "BadRequest", message ?? "The request cannot be read.", {
    cause: error,
  });
}

/** Ends a request with a problem; for pages that people open, with a page. */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): void {
  const known = requestErrorOf(error);
  const path = request.url.split("?", 1)[0] ?? "";
  const { problem, headers } = problemOf(known, { id: request.id, path });
  if (problem.status >= 500) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const fields = { requestId: request.id, method: request.method, path, error: text };
    if (problem.code === "Internal") logger.error(fields, "a request failed for a reason of ours");
    else logger.warn(fields, "a request failed");
  }
  reply.code(problem.status).headers({ ...headers, "cache-control": "no-store" });
  const page = request.routeOptions.config.apiRoute?.tag === "Pages";
  if (page) {
    reply.header("content-type", "text/html; charset=utf-8").send(errorPage(problem));
  } else {
    reply.header("content-type", "application/problem+json; charset=utf-8").send(JSON.stringify(problem));
  }
}

/** Addresses of the server and their methods, to tell a wrong method from a wrong address. */
export class KnownAddresses {
  readonly #methods = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();

  /** `url` as Fastify takes it. */
  add(method: string, url: string): void {
    let known = this.#methods.get(url);
    if (known === undefined) {
      const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`);
      known = { pattern, methods: new Set() };
      this.#methods.set(url, known);
    }
    known.methods.add(method);
    if (method === "GET") known.methods.add("HEAD");
  }

  /** Empty: there is no such address. */
  methodsOf(path: string): readonly string[] {
    const methods = new Set<string>();
    for (const known of this.#methods.values()) {
      if (known.pattern.test(path)) for (const method of known.methods) methods.add(method);
    }
    return [...methods].sort();
  }
}

export function handleFailures(app: FastifyInstance, addresses: KnownAddresses, logger: Logger): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, logger));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const methods = addresses.methodsOf(path);
    const error =
      methods.length === 0
        ? new ExecError("NotFound", "There is no such address; /api/docs lists those there are.")
        : new RequestError("MethodNotAllowed", `Here are ${methods.join(", ")}.`, {
            headers: { allow: methods.join(", ") },
          });
    sendProblem(error, request, reply, logger);
  });
}
