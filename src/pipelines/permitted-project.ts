import { ExecError } from "../errors.ts";
import type { Permission } from "../identity/permission.ts";
import type { Principal } from "../identity/principal.ts";
import { requirePermission } from "../identity/require-permission.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { ProjectStore } from "../store/project-store.ts";

/** The project (by id or name), if the caller may. One that is not there looks like one the caller may not see. */
export async function permittedProject(
  projects: Pick<ProjectStore, "getProject">,
  caller: Principal,
  permission: Permission,
  idOrName: string,
): Promise<ProjectRecord> {
  let project: ProjectRecord;
  try {
    project = await projects.getProject(idOrName);
  } catch (error) {
    if (!(error instanceof ExecError && error.code === "NotFound")) throw error;
    throw new ExecError("NotFound", "There is no such project, or you may not see it.", { cause: error });
  }
  requirePermission(caller, permission, project.id);
  return project;
}
