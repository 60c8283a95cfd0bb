import { z } from "zod";
import { ExecError } from "../../errors.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import { json } from "./answer.ts";
import { credentialsOf } from "./credentials.ts";
import { type ApiRoute, route } from "./route.ts";

/** How long a part may take to answer. */
const CHECK_MS = 3_000;
const PUBLIC = { of: "public" } as const;
const part = z.object({ ok: z.boolean(), ms: z.int(), code: z.string().optional() });

/** For what watches the server; not below `/api`. */
export const rootRoutes: readonly ApiRoute[] = [
  route({
    id: "healthz",
    method: "GET",
    path: "/healthz",
    tag: "Health",
    summary: "The process lives",
    access: PUBLIC,
    responses: { 200: { description: "It does.", schema: z.object({ ok: z.literal(true) }) } },
    handle: async () => json(200, { ok: true }, { "cache-control": "no-store" }),
  }),
  route({
    id: "readyz",
    method: "GET",
    path: "/readyz",
    tag: "Health",
    summary: "The server can take requests: each of its parts answers",
    access: PUBLIC,
    responses: {
      200: {
        description: "All do.",
        schema: z.object({ ready: z.literal(true), parts: z.record(z.string(), part) }),
      },
      503: {
        description: "One does not, or the server stops.",
        schema: z.object({ ready: z.literal(false), parts: z.record(z.string(), part) }),
      },
    },
    async handle(_input, _call, { readiness, clock, live }) {
      const parts = Object.fromEntries(
        await Promise.all(
          readiness.map(async ({ name, check }) => {
            const started = clock.monotonic();
            const code = await outcome(check, (callback) => clock.after(CHECK_MS, callback));
            const ms = Math.round(clock.monotonic() - started);
            return [name, { ok: code === undefined, ms, ...(code !== undefined && { code }) }] as const;
          }),
        ),
      );
      if (live.stopping.aborted) Object.assign(parts, { server: { ok: false, ms: 0, code: "Stopping" } });
      const ready = Object.values(parts).every(({ ok }) => ok);
      const headers = { "cache-control": "no-store", ...(!ready && { "retry-after": "2" }) };
      return json(ready ? 200 : 503, { ready, parts }, headers);
    },
  }),
  route({
    id: "metrics",
    method: "GET",
    path: "/metrics",
    tag: "Health",
    summary: "Numbers for Prometheus",
    description: "Unless the server makes them public: a token with `project:read` for every project.",
    access: PUBLIC,
    responses: { 200: { description: "Exposition format.", contentType: "" } },
    async handle(_input, call, { metricsPage, authenticator }) {
      if (!metricsPage.public) {
        const authorization = call.header("authorization");
        const { bearer } = credentialsOf(authorization === undefined ? {} : { authorization });
        requirePermission(await authenticator.authenticate(bearer), "project:read");
      }
      const { contentType, body } = await metricsPage.read();
      return {
        status: 200,
        headers: { "content-type": contentType, "cache-control": "no-store" },
        text: body,
      };
    },
  }),
];

/** Undefined: it answered. Else why not, in a word: what is public says no more. */
function outcome(
  check: () => Promise<unknown>,
  after: (callback: () => void) => () => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const cancel = after(() => resolve("Timeout"));
    check().then(
      () => {
        cancel();
        resolve(undefined);
      },
      (error: unknown) => {
        cancel();
        resolve(error instanceof ExecError ? error.code : "Internal");
      },
    );
  });
}
