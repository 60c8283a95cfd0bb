import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { newId } from "../../../new-id.ts";
import { json, noContent } from "../answer.ts";
import { projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { environmentSchema, environmentView } from "../views/project-view.ts";
import { listOf } from "../views/schema.ts";

const DAY_MS = 24 * 3600 * 1000;
const params = projectParam.extend({ environment: text(255).describe("Name, in any case.") });
const noEnvironment = () => new ExecError("NotFound", "The project has no environment of this name.");

export const environmentRoutes = [
  route({
    id: "listEnvironments",
    method: "GET",
    path: "/projects/{project}/environments",
    tag: "Environments",
    summary: "Deployment environments of a project",
    access: { of: "project", permission: "project:read" },
    params: projectParam,
    responses: { 200: { description: "All of them.", schema: listOf(environmentSchema) } },
    async handle(_input, { projectId }, { store }) {
      return json(200, { items: (await store.projects.listEnvironments(projectId)).map(environmentView) });
    },
  }),
  route({
    id: "getEnvironment",
    method: "GET",
    path: "/projects/{project}/environments/{environment}",
    tag: "Environments",
    summary: "An environment",
    access: { of: "project", permission: "project:read" },
    params,
    responses: { 200: { description: "The environment.", schema: environmentSchema } },
    async handle({ params: { environment: name } }, { projectId }, { store }) {
      const found = await store.projects.findEnvironment(projectId, name);
      if (found === undefined) throw noEnvironment();
      return json(200, environmentView(found));
    },
  }),
  route({
    id: "putEnvironment",
    method: "PUT",
    path: "/projects/{project}/environments/{environment}",
    tag: "Environments",
    summary: "Add or change an environment",
    description: "Who may set reviewers may go round them: this needs `project:write`, as approving does.",
    access: { of: "project", permission: "project:write" },
    params,
    body: z.strictObject({
      reviewers: z
        .array(text(100))
        .max(100)
        .default([])
        .describe("Names of tokens of which one must approve; `*`: whoever may write; empty: none needs to."),
      approvalTimeoutMs: z
        .int()
        .min(60_000)
        .max(60 * DAY_MS)
        .default(30 * DAY_MS)
        .describe("How long a job waits before it fails."),
    }),
    bodyOptional: true,
    responses: { 200: { description: "As it is now.", schema: environmentSchema } },
    async handle({ params: { environment: name }, body }, { projectId }, { store, clock }) {
      const now = clock.now();
      const old = await store.projects.findEnvironment(projectId, name);
      const environment = await store.projects.putEnvironment({
        id: old?.id ?? newId(now),
        projectId,
        name: old?.name ?? name,
        ...body,
        createdAt: old?.createdAt ?? now,
        updatedAt: now,
      });
      return json(200, environmentView(environment));
    },
  }),
  route({
    id: "deleteEnvironment",
    method: "DELETE",
    path: "/projects/{project}/environments/{environment}",
    tag: "Environments",
    summary: "Delete an environment",
    access: { of: "project", permission: "project:write" },
    params,
    responses: { 204: { description: "It is gone." } },
    async handle({ params: { environment: name } }, { projectId }, { store }) {
      if ((await store.projects.findEnvironment(projectId, name)) === undefined) throw noEnvironment();
      await store.projects.deleteEnvironment(projectId, name);
      return noContent;
    },
  }),
];
