import { ExecError } from "../../errors.ts";
import type { Permission } from "../../identity/permission.ts";
import type { Principal } from "../../identity/principal.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import type { ApiDeps } from "./api-deps.ts";
import type { ApiRoute } from "./route.ts";

/** What the path of an allowed request names. */
export interface Scope {
  readonly projectId?: string;
  readonly project?: ProjectRecord;
  readonly build?: BuildRecord;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Longer than anything that has a name here: not worth a look into the records. */
const MAX_NAME = 200;

/** Throws `Forbidden` or `NotFound` unless `principal` may call the route. */
export async function allow(
  route: ApiRoute,
  params: { readonly [name: string]: string },
  principal: Principal,
  deps: Pick<ApiDeps, "store">,
): Promise<Scope> {
  const { access } = route;
  switch (access.of) {
    case "public":
    case "any":
      return {};
    case "server":
      requirePermission(principal, access.permission);
      return {};
    case "project":
      return ofProject(params.project ?? "", access.permission, principal, deps, route.hot === true);
    case "build":
      return ofBuild(params.build ?? "", access.permission, principal, deps);
    case "badge": {
      const project = await findProject(params.project ?? "", deps);
      if (project.settings.publicBadges !== true) requirePermission(principal, "project:read", project.id);
      return { projectId: project.id, project };
    }
  }
}

async function ofProject(
  name: string,
  permission: Permission,
  principal: Principal,
  deps: Pick<ApiDeps, "store">,
  idOnly: boolean,
): Promise<Scope> {
  if (idOnly && UUID.test(name)) {
    requirePermission(principal, permission, name);
    return { projectId: name };
  }
  const project = await findProject(name, deps);
  requirePermission(principal, permission, project.id);
  return { projectId: project.id, project };
}

async function ofBuild(
  id: string,
  permission: Permission,
  principal: Principal,
  deps: Pick<ApiDeps, "store">,
): Promise<Scope> {
  const build = await found(UUID.test(id) ? deps.store.builds.get(id) : undefined, noBuild);
  try {
    requirePermission(principal, permission, build.projectId);
  } catch (error) {
    // What one may not see must look like what is not there.
    throw error instanceof ExecError && error.code === "NotFound" ? noBuild() : error;
  }
  return { projectId: build.projectId, build };
}

function findProject(name: string, deps: Pick<ApiDeps, "store">): Promise<ProjectRecord> {
  return found(
    name !== "" && name.length <= MAX_NAME && !name.includes("\0")
      ? deps.store.projects.getProject(name)
      : undefined,
    noProject,
  );
}

async function found<T>(lookup: Promise<T> | undefined, none: () => ExecError): Promise<T> {
  if (lookup === undefined) throw none();
  try {
    return await lookup;
  } catch (error) {
    throw error instanceof ExecError && error.code === "NotFound" ? none() : error;
  }
}

/** The same words as `requirePermission`'s: whether it is there is not told. */
export const noProject = () => new ExecError("NotFound", "There is no such project, or you may not see it.");
export const noBuild = () => new ExecError("NotFound", "There is no such build, or you may not see it.");
