import type { IncomingMessage } from "node:http";
import { ExecError } from "../../errors.ts";
import { isApiToken } from "../../identity/api-token.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import { requirePermission } from "../../identity/require-permission.ts";
import type { StoredJobTokens } from "../../identity/stored-job-tokens.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import type { ProjectStore } from "../../store/project-store.ts";

export interface GitAccessParts {
  readonly projects: Pick<ProjectStore, "getProject">;
  readonly authenticator: Pick<Authenticator, "authenticate">;
  readonly tokens: Pick<StoredJobTokens, "identify">;
}

export interface GitAccess {
  readonly project: ProjectRecord;
  /** Of a job: the commit its build is about. */
  readonly sha?: string;
}

/**
 * Lets in the jobs of the project by their `git` token, and API tokens that may read it. Rejects with `Unauthorized`
 * without either; a project that the caller may not read is `NotFound`, as one that is not there.
 */
export async function admitToGit(
  request: IncomingMessage,
  projectName: string,
  parts: GitAccessParts,
): Promise<GitAccess> {
  const credential = credentialOf(request.headers.authorization);
  if (credential !== undefined && !isApiToken(credential) && credential.split(".").length === 3) {
    const { projectId, sha } = await parts.tokens.identify(credential, "git");
    const project = await parts.projects.getProject(projectName);
    if (project.id !== projectId)
      throw new ExecError("NotFound", "There is no such project, or you may not see it.");
    return { project, sha };
  }
  const principal = await parts.authenticator.authenticate(credential);
  const project = await parts.projects.getProject(projectName).catch((error: unknown) => {
    throw error instanceof ExecError && error.code === "NotFound"
      ? new ExecError("NotFound", "There is no such project, or you may not see it.", { cause: error })
      : error;
  });
  requirePermission(principal, "project:read", project.id);
  return { project };
}

/** A token as `Bearer`, or as the password of `Basic` with any user name; where there is none, as the user name. */
function credentialOf(header: string | undefined): string | undefined {
  const [, scheme, value] = /^(basic|bearer) +(\S+)$/i.exec(header ?? "") ?? [];
  if (scheme === undefined || value === undefined) return undefined;
  if (scheme.toLowerCase() === "bearer") return value;
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon === -1) return undefined;
  return pair.slice(colon + 1) || pair.slice(0, colon) || undefined;
}
