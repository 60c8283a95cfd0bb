import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { RequestError } from "../../problem.ts";
import { disposition, json } from "../answer.ts";
import { route } from "../route.ts";
import { principalSchema, principalView } from "../views/access-view.ts";
import { isoTime, time } from "../views/schema.ts";

export const serverRoutes = [
  route({
    id: "getMe",
    method: "GET",
    path: "/me",
    tag: "Server",
    summary: "Whose token this is",
    access: { of: "any" },
    responses: { 200: { description: "Name and permissions.", schema: principalSchema } },
    handle: async (_input, { principal }) => json(200, principalView(principal)),
  }),
  route({
    id: "createLoginLink",
    method: "POST",
    path: "/login-links",
    tag: "Server",
    summary: "A link that begins a session of the pages with this token's rights",
    access: { of: "any" },
    secretAnswer: true,
    responses: {
      201: {
        description: "Good once, and until then.",
        schema: z.object({ url: z.string(), expiresAt: time }),
      },
    },
    async handle(_input, { principal }, { logins, settings }) {
      if (principal.kind !== "token") throw new ExecError("Forbidden", "Only an API token begins a session.");
      const { code, expiresAt } = await logins.createCode(principal.id);
      const url = `${settings.publicUrl}/login?code=${code}`;
      return json(201, { url, expiresAt: isoTime(expiresAt) }, { "cache-control": "no-store" });
    },
  }),
  route({
    id: "getVersion",
    method: "GET",
    path: "/version",
    tag: "Server",
    summary: "The server's version",
    access: { of: "any" },
    responses: { 200: { description: "The version.", schema: z.object({ version: z.string() }) } },
    handle: async (_input, _call, { settings }) => json(200, { version: settings.version }),
  }),
  route({
    id: "getBackup",
    method: "GET",
    path: "/backup",
    tag: "Server",
    summary: "A copy of the records as they are now",
    description:
      "A SQLite file: the `slipway.db` of a data folder. Blobs and the master key are not in it. `Conflict` where the records are in PostgreSQL, which has tools for that.",
    access: { of: "server", permission: "admin" },
    responses: { 200: { description: "The file.", contentType: "application/vnd.sqlite3" } },
    async handle(_input, _call, { copyRecords }) {
      if (copyRecords === undefined)
        throw new ExecError("Conflict", "The records are not in a file of this server: use pg_dump.");
      const { sizeBytes, body } = await copyRecords();
      return {
        status: 200,
        headers: {
          "content-type": "application/vnd.sqlite3",
          "content-length": String(sizeBytes),
          "content-disposition": disposition("attachment", "slipway.db"),
          "cache-control": "no-store",
        },
        stream: () => body,
        discard: () => body.destroy(),
      };
    },
  }),
  route({
    id: "live",
    method: "GET",
    path: "/live",
    tag: "Live",
    summary: "Builds and projects as they change, over WebSocket",
    description: [
      "Opened as a WebSocket, with the token in `Authorization`, as the subprotocol `bearer.<token>` beside `slipway.v1`, or by the session's cookie. Messages are JSON objects, one a frame.",
      'Send `{"type":"subscribe","id":"a","build":"<id>"}` or `{"type":"subscribe","id":"a","project":"<id or name>"}`; `id` is yours. The answer is a `snapshot`, then `change` messages; each carries the subscription\'s `id` and a `seq` that counts from 1. A `change` of a build lists what is new or different, whole: `build`, `jobs`, `steps`, `annotations`, `approvals`, `warnings`; one of a project lists `builds`.',
      'A number that is missing means that messages were left out because you read too slowly; a fresh `snapshot` follows by itself, or at once on `{"type":"resync","id":"a"}`. `ended` is the last of a build. End a subscription with `{"type":"unsubscribe","id":"a"}`. What goes wrong with one is an `error` with a `problem`; the others go on. Every 20 s there is a `heartbeat`.',
      "Codes of the end: 1012, the server stops: come back; 4401, the token is good no more; 4408, nothing was heard of you; 1008, too many mistakes.",
    ].join("\n\n"),
    access: { of: "any" },
    responses: { 101: { description: "The connection is a WebSocket now." } },
    async handle() {
      throw new RequestError("UpgradeRequired", "Open this address as a WebSocket.", {
        headers: { upgrade: "websocket", connection: "upgrade" },
      });
    },
  }),
];
