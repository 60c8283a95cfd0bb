import type { FastifyInstance } from "fastify";
import { ExecError } from "../../errors.ts";
import type { Mount } from "./api-deps.ts";

/** Hands requests below these prefixes on as they are: their bodies are not read here, and have no limit here. */
export function mountHandlers(app: FastifyInstance, mounts: readonly Mount[]): void {
  void app.register(async (plain) => {
    plain.removeAllContentTypeParsers();
    plain.addContentTypeParser("*", (_request, _payload, done) => done(null));
    for (const mount of mounts) {
      const url = `${mount.prefix.replace(/\/$/, "")}/*`;
      plain.all(url, async (request, reply) => {
        if (!request.raw.readable && request.raw.errored) return;
        reply.hijack();
        // What was set for every answer holds for these too.
        for (const [name, value] of Object.entries(reply.getHeaders())) {
          if (value !== undefined) reply.raw.setHeader(name, value);
        }
        if (await mount.handle(request.raw, reply.raw)) return;
        if (reply.raw.headersSent) return;
        const none = new ExecError("NotFound", "There is no such address.");
        reply.raw.statusCode = 404;
        reply.raw.setHeader("content-type", "application/problem+json; charset=utf-8");
        reply.raw.end(JSON.stringify({ type: "about:blank", title: none.message, status: 404 }));
      });
    }
  });
}
