import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { requirePermission } from "../../../identity/require-permission.ts";
import { newId } from "../../../new-id.ts";
import type { ProjectRecord } from "../../../store/project-record.ts";
import { RequestError } from "../../problem.ts";
import { json, noContent } from "../answer.ts";
import { projectParam, text } from "../inputs.ts";
import { type ApiParts, route } from "../route.ts";
import { projectSchema, projectView, settingsSchema } from "../views/project-view.ts";
import { pageOf, pageQuery, pageView, present } from "../views/schema.ts";

const name = z
  .string()
  .max(100)
  .regex(
    /^[a-z0-9_][a-z0-9._-]*(\/[a-z0-9_][a-z0-9._-]*)?$/,
    "lower case letters, digits, `.`, `_`, `-`, and one `/` between owner and name",
  );
/** Tokens of the usual hosts are longer than names of people. */
const LONGEST_USER = 20;
const repositoryUrl = text(2000).refine((url) => {
  if (!URL.canParse(url)) return true;
  const { username, password } = new URL(url);
  return password === "" && username.length <= LONGEST_USER;
}, "must hold no password and no token: everyone who may read the project sees it, and every webhook is told");
/** What bounds how much of the server a project takes. */
const ADMIN_SETTINGS = ["maxBuilds", "maxJobs", "maxBuildMinutes", "infrastructureRetries"] as const;

export const projectRoutes = [
  route({
    id: "listProjects",
    method: "GET",
    path: "/projects",
    tag: "Projects",
    summary: "Projects that the token may see",
    access: { of: "any" },
    query: pageQuery,
    responses: { 200: { description: "A page of them.", schema: pageOf(projectSchema) } },
    async handle({ query }, { principal }, { store }) {
      const { projectId } = principal;
      requirePermission(principal, "project:read", projectId);
      if (projectId !== undefined) {
        return json(200, { items: [projectView(await store.projects.getProject(projectId))] });
      }
      return json(200, pageView(await store.projects.listProjects(present(query)), projectView));
    },
  }),
  route({
    id: "createProject",
    method: "POST",
    path: "/projects",
    tag: "Projects",
    summary: "Add a project",
    description:
      "Needs `admin`: the repository may be a folder of the server. Its default branch is asked of the repository where it is not given.",
    access: { of: "server", permission: "admin" },
    body: z.strictObject({
      name,
      repositoryUrl,
      defaultBranch: text(250).optional(),
      settings: settingsSchema.optional(),
    }),
    responses: { 201: { description: "It is there.", schema: projectSchema } },
    async handle({ body }, _call, parts) {
      const now = parts.clock.now();
      const project: ProjectRecord = {
        id: newId(now),
        name: body.name,
        repositoryUrl: body.repositoryUrl,
        defaultBranch: body.defaultBranch ?? "",
        settings: present(body.settings ?? {}),
        createdAt: now,
        updatedAt: now,
      };
      const defaultBranch = body.defaultBranch ?? (await branchOf(project, parts));
      const created = await parts.store.projects.createProject({ ...project, defaultBranch });
      return json(201, projectView(created), { location: `/api/v1/projects/${created.id}` });
    },
  }),
  route({
    id: "getProject",
    method: "GET",
    path: "/projects/{project}",
    tag: "Projects",
    summary: "A project",
    access: { of: "project", permission: "project:read" },
    params: projectParam,
    responses: { 200: { description: "The project.", schema: projectSchema } },
    handle: async (_input, { project }) => json(200, projectView(project)),
  }),
  route({
    id: "updateProject",
    method: "PATCH",
    path: "/projects/{project}",
    tag: "Projects",
    summary: "Change a project",
    description: `Only what is given changes; settings that are null go back to the server's own. \`repositoryUrl\` and ${ADMIN_SETTINGS.map((key) => `\`${key}\``).join(", ")} need \`admin\`.`,
    access: { of: "project", permission: "project:write" },
    params: projectParam,
    body: z.strictObject({
      name: name.optional(),
      repositoryUrl: repositoryUrl.optional(),
      defaultBranch: text(250).optional(),
      settings: z.strictObject(nullable(settingsSchema.shape)).optional(),
    }),
    responses: { 200: { description: "As it is now.", schema: projectSchema } },
    async handle({ body }, { project, principal }, { store, clock }) {
      const { settings, ...fields } = body;
      const limits = ADMIN_SETTINGS.some((key) => settings?.[key] !== undefined);
      if (limits || fields.repositoryUrl !== undefined) requirePermission(principal, "admin");
      const changed = await store.projects.updateProject(project.id, {
        ...present(fields),
        ...(settings !== undefined && { settings: merged(project.settings, settings) }),
        updatedAt: clock.now(),
      });
      return json(200, projectView(changed));
    },
  }),
  route({
    id: "deleteProject",
    method: "DELETE",
    path: "/projects/{project}",
    tag: "Projects",
    summary: "Delete a project with its builds",
    description: "`Conflict` while a build of it runs.",
    access: { of: "server", permission: "admin" },
    params: projectParam,
    responses: { 204: { description: "It is gone." } },
    async handle({ params }, _call, { store, repositories, logger }) {
      const { id } = await store.projects.getProject(params.project);
      await store.projects.deleteProject(id);
      await repositories.remove(id).catch((error: unknown) => {
        logger.warn({ projectId: id, error: String(error) }, "the mirror of a deleted project stayed");
      });
      return noContent;
    },
  }),
];

function nullable(shape: typeof settingsSchema.shape) {
  return {
    maxBuilds: shape.maxBuilds.nullable(),
    maxJobs: shape.maxJobs.nullable(),
    maxBuildMinutes: shape.maxBuildMinutes.nullable(),
    infrastructureRetries: shape.infrastructureRetries.nullable(),
    artifactRetentionDays: shape.artifactRetentionDays.nullable(),
    publicBadges: shape.publicBadges.nullable(),
  };
}

function merged(
  settings: ProjectRecord["settings"],
  change: { readonly [name: string]: unknown },
): ProjectRecord["settings"] {
  const all = Object.entries({ ...settings, ...present(change) });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined));
}

/** That its origin is wrong is a mistake in what was sent, not one of the server's. */
async function branchOf(project: ProjectRecord, { repositories }: ApiParts): Promise<string> {
  try {
    return await repositories.defaultBranch(project);
  } catch (error) {
    // Whatever was copied of it belongs to no project now.
    await repositories.remove(project.id).catch(() => undefined);
    if (!(error instanceof ExecError) || error.retryable) throw error;
    const errors = [{ field: "body.repositoryUrl", message: error.message }];
    throw new RequestError("InvalidSpec", error.message, { errors, cause: error });
  }
}
