import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "./answer.ts";
import { checkAnswer } from "./check-answer.ts";
import type { RequestCall } from "./request-call.ts";
import type { ApiParts, ApiRoute } from "./route.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The route of the table that a request goes to. */
    apiRoute?: ApiRoute;
  }
}

interface SendContext {
  readonly call: RequestCall;
  readonly parts: ApiParts;
}

export function sendAnswer(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  { call, parts }: SendContext,
): FastifyReply {
  const { apiRoute } = request.routeOptions.config;
  if (parts.settings.checkAnswers === true && apiRoute !== undefined) checkAnswer(apiRoute, answer);
  reply.code(answer.status);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.json !== undefined) {
    return reply.header("content-type", "application/json; charset=utf-8").send(JSON.stringify(answer.json));
  }
  if (answer.text !== undefined) return reply.send(answer.text);
  if (answer.stream === undefined) return reply.send();
  if (request.method === "HEAD") {
    answer.discard?.();
    return reply.send(Readable.from([]));
  }
  return reply.send(bodyOf(answer.stream, answer.live === true, reply, { call, parts }));
}

/** The body, which ends with the connection, and one that goes on for long also with the right to it and the server. */
function bodyOf(
  stream: NonNullable<Answer["stream"]>,
  live: boolean,
  reply: FastifyReply,
  { call, parts: { live: shared } }: SendContext,
): Readable {
  const over = new AbortController();
  const signal = live ? AbortSignal.any([over.signal, shared.stopping]) : over.signal;
  const source = stream(signal);
  const body = source instanceof Readable ? source : Readable.from(source, { objectMode: false });
  const stopWatching = live
    ? shared.rights.watch(call.bearer, call.watchedProject, (error) => over.abort(error))
    : () => {};
  reply.raw.once("close", () => {
    stopWatching();
    over.abort(new Error("the connection was closed"));
  });
  return body;
}
