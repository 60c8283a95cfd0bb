import type { FastifyInstance, FastifyRequest } from "fastify";
import { ExecError } from "../../errors.ts";
import type { Principal } from "../../identity/principal.ts";
import { allow } from "./access.ts";
import type { Answer } from "./answer.ts";
import { NOBODY } from "./call.ts";
import { credentialsOf, requireSameOrigin } from "./credentials.ts";
import { runOnce } from "./idempotency.ts";
import { RequestCall } from "./request-call.ts";
import type { ApiParts, ApiRoute } from "./route.ts";
import { sendAnswer } from "./send-answer.ts";

const CALLS = new WeakMap<FastifyRequest, RequestCall>();

/** Serves a route. Who may call it is known before a byte of the body is read. */
export function registerRoute(app: FastifyInstance, url: string, route: ApiRoute, parts: ApiParts): void {
  app.route({
    method: route.method,
    url,
    config: { apiRoute: route },
    async onRequest(request) {
      CALLS.set(request, await admit(request, route, parts));
    },
    async handler(request, reply) {
      const call = CALLS.get(request);
      if (call === undefined) throw new Error("a request was not admitted");
      const answer = await answerOf(request, call, route, parts);
      return sendAnswer(answer, request, reply, { call, parts });
    },
  });
}

/** `{project}` to `:project`. */
export const fastifyPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ":$1");

async function admit(request: FastifyRequest, route: ApiRoute, parts: ApiParts): Promise<RequestCall> {
  const { access } = route;
  if (access.of === "public") return new RequestCall(request, NOBODY, undefined, {});
  const { bearer, from } = credentialsOf(request.headers);
  const params = request.params as { readonly [name: string]: string };
  if (from === "none" && access.of === "badge") {
    try {
      return new RequestCall(request, NOBODY, undefined, await allow(route, params, NOBODY, parts));
    } catch (error) {
      if (!(error instanceof ExecError) || error.code !== "NotFound") throw error;
      // Falls through to the words of a request without a token, whether the project is there or not.
    }
  }
  const principal: Principal = await parts.authenticator.authenticate(bearer);
  if (from === "cookie" && route.method !== "GET")
    requireSameOrigin(request.headers, parts.settings.publicUrl);
  return new RequestCall(request, principal, bearer, await allow(route, params, principal, parts));
}

function answerOf(
  request: FastifyRequest,
  call: RequestCall,
  route: ApiRoute,
  parts: ApiParts,
): Promise<Answer> {
  const { params, query, body } = request;
  const run = () => route.answer({ params, query, body }, call, parts);
  if (route.method !== "POST") return run();
  const keyed = { route, key: call.idempotencyKey, caller: call.principal.id, url: request.url, body };
  return runOnce(keyed, parts, run);
}
