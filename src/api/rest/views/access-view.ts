import { z } from "zod";
import { PERMISSIONS } from "../../../identity/permission.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { ApiTokenInfo } from "../api-deps.ts";
import { isoTime, named, time } from "./schema.ts";

export const permissionSchema = z.enum([...PERMISSIONS] as ["project:read", "project:write", "admin"]);

export const tokenSchema = named(
  "Token",
  z.object({
    id: z.string(),
    name: z.string(),
    permissions: z.array(permissionSchema),
    projectId: z.string().optional().describe("Absent: every project."),
    createdAt: time,
    expiresAt: time.optional(),
    lastUsedAt: time.optional(),
  }),
);

export const principalSchema = named(
  "Principal",
  z.object({
    kind: z.enum(["token", "service", "system"]),
    id: z.string(),
    name: z.string(),
    permissions: z.array(permissionSchema),
    projectId: z.string().optional(),
  }),
);

export function tokenView(token: ApiTokenInfo): z.output<typeof tokenSchema> {
  const { id, name, permissions, projectId, createdAt, expiresAt, lastUsedAt } = token;
  return {
    id,
    name,
    permissions: [...permissions],
    ...(projectId !== undefined && { projectId }),
    createdAt: isoTime(createdAt),
    ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: isoTime(lastUsedAt) }),
  };
}

export function principalView(principal: Principal): z.output<typeof principalSchema> {
  const { kind, id, name, permissions, projectId } = principal;
  return { kind, id, name, permissions: [...permissions], ...(projectId !== undefined && { projectId }) };
}
