import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { json, noContent } from "../answer.ts";
import { idParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { permissionSchema, tokenSchema, tokenView } from "../views/access-view.ts";
import { listOf } from "../views/schema.ts";

const ADMIN = { of: "server", permission: "admin" } as const;

export const tokenRoutes = [
  route({
    id: "listTokens",
    method: "GET",
    path: "/tokens",
    tag: "Tokens",
    summary: "API tokens, newest first",
    access: ADMIN,
    responses: { 200: { description: "What may be known of them.", schema: listOf(tokenSchema) } },
    handle: async (_input, _call, { tokens }) => json(200, { items: (await tokens.list()).map(tokenView) }),
  }),
  route({
    id: "createToken",
    method: "POST",
    path: "/tokens",
    tag: "Tokens",
    summary: "Make an API token",
    access: ADMIN,
    body: z.strictObject({
      name: text(100).describe("What builds and approvals call its holder."),
      permissions: z.array(permissionSchema).min(1).max(3),
      project: text(300).optional().describe("Id or name; absent: every project."),
      expiresAt: z.iso.datetime({ offset: true }).optional().describe("Absent: never."),
    }),
    secretAnswer: true,
    responses: {
      201: {
        description: "`token` is shown this once.",
        schema: tokenSchema.extend({ token: z.string() }),
      },
    },
    async handle({ body: { name, permissions, project, expiresAt } }, _call, { tokens, store }) {
      const { token, info } = await tokens.create({
        name,
        permissions: [...new Set(permissions)],
        ...(project !== undefined && { projectId: (await store.projects.getProject(project)).id }),
        ...(expiresAt !== undefined && { expiresAt: Date.parse(expiresAt) }),
      });
      return json(201, { ...tokenView(info), token });
    },
  }),
  route({
    id: "revokeToken",
    method: "DELETE",
    path: "/tokens/{token}",
    tag: "Tokens",
    summary: "Revoke an API token",
    description:
      "At once, with every session that was begun with it. Who watches with it is cut off within seconds.",
    access: ADMIN,
    params: z.object({ token: idParam.describe("Id.") }),
    responses: { 204: { description: "It is good no more." } },
    async handle({ params: { token } }, _call, { tokens }) {
      if (!(await tokens.revoke(token))) throw new ExecError("NotFound", "There is no such token.");
      return noContent;
    },
  }),
];
