import type { FastifyInstance } from "fastify";
import type { Clock } from "../../clock.ts";
import { newId } from "../../new-id.ts";
import { RequestError } from "../problem.ts";

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

/** The caller's `X-Request-Id` where it is one, so that both sides' logs can be read together; else a new one. */
export function requestIdOf(header: string | readonly string[] | undefined, now: number): string {
  return typeof header === "string" && REQUEST_ID.test(header) ? header : newId(now);
}

/** Reads bodies as JSON and nothing else, and no body that comes too slowly. */
export function limitBodies(app: FastifyInstance, clock: Pick<Clock, "after">, timeoutMs: number): void {
  app.removeAllContentTypeParsers();
  const parseJson = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const text = body.toString();
    // Clients that always name the type send no body where none is needed.
    if (text === "") done(null, undefined);
    else void parseJson(request, text, done);
  });
  app.addHook("preParsing", (request, reply, payload, done) => {
    const { headers } = request;
    if (headers["transfer-encoding"] === undefined && (headers["content-length"] ?? "0") === "0") {
      return done(null, payload);
    }
    const cancel = clock.after(timeoutMs, () => {
      reply.raw.once("finish", () => request.raw.destroy());
      const error = new RequestError("RequestTimeout", `The body must come within ${timeoutMs / 1000} s.`);
      reply.header("connection", "close").send(error);
    });
    payload.once("end", cancel).once("close", cancel).once("error", cancel);
    done(null, payload);
  });
}
