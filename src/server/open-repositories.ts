import type { Config } from "../config/settings.ts";
import { GitRepositories } from "../repositories/git-repositories.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { ProjectRecord } from "../store/project-record.ts";
import type { DataFolder } from "./data-folder.ts";
import type { ServerHost } from "./running-server.ts";
import type { SharedParts } from "./shared-parts.ts";

/**
 * Mirrors of the projects. A server with the role pipeline mirrors their origins; a worker alone mirrors that server's
 * mirrors: it may reach no origin, and has none of its keys.
 */
export function openRepositories(
  config: Config,
  folder: DataFolder,
  host: ServerHost,
  publicUrl: string,
  deps: Pick<SharedParts, "clock" | "logger">,
): Repositories {
  const env = definedOnly(host.env);
  if (config.roles.includes("pipeline")) return new GitRepositories({ folder: folder.mirrors, env, ...deps });
  const password = config["service-token"] ?? "";
  const mirrors = new GitRepositories({
    folder: folder.mirrors,
    env,
    credentials: async () => ({ username: "service", password }),
    ...deps,
  });
  const atServer = (project: ProjectRecord): ProjectRecord => ({
    ...project,
    repositoryUrl: `${publicUrl}/git/${project.id}.git`,
  });
  return {
    resolve: (project, ref) => mirrors.resolve(atServer(project), ref),
    readFile: (project, sha, path) => mirrors.readFile(atServer(project), sha, path),
    pipelineFiles: (project, sha) => mirrors.pipelineFiles(atServer(project), sha),
    defaultBranch: (project) => mirrors.defaultBranch(atServer(project)),
    mirrorPath: (project) => mirrors.mirrorPath(atServer(project)),
    remove: (projectId) => mirrors.remove(projectId),
  };
}

function definedOnly(env: ServerHost["env"]): { readonly [name: string]: string } {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
