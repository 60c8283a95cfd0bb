import { ExecError } from "../errors.ts";
import type { Permission } from "./permission.ts";
import type { Principal } from "./principal.ts";

const INCLUDES: Readonly<Record<Permission, readonly Permission[]>> = {
  admin: ["admin", "project:write", "project:read"],
  "project:write": ["project:write", "project:read"],
  "project:read": ["project:read"],
};

/**
 * The one check of every route and call. `projectId` absent: the right is asked for over the whole server, which a token
 * of one project does not have. Throws `Forbidden`; a project that the caller may not even read is `NotFound`.
 */
export function requirePermission(principal: Principal, permission: Permission, projectId?: string): void {
  const inScope = principal.projectId === undefined || principal.projectId === projectId;
  const has = (wanted: Permission) =>
    inScope && principal.permissions.some((given) => INCLUDES[given].includes(wanted));
  if (has(permission)) return;
  if (projectId !== undefined && !has("project:read")) {
    throw new ExecError("NotFound", "There is no such project, or you may not see it.");
  }
  throw new ExecError(
    "Forbidden",
    `This needs the permission ${permission}, which ${principal.name} does not have.`,
  );
}
