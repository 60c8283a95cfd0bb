import { z } from "zod";
import { json, noContent } from "../answer.ts";
import { idParam, projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { definitionSchema, definitionView } from "../views/project-view.ts";
import { listOf, present } from "../views/schema.ts";

const name = text(200).regex(/^[^\p{Cc}]+$/u, "has control characters");
const path = text(500).regex(
  /^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\p{Cc}\\]+$/u,
  "is the path of a file from the root of the repository",
);
const params = projectParam.extend({ definition: idParam.describe("Id, name or path.") });

export const definitionRoutes = [
  route({
    id: "listDefinitions",
    method: "GET",
    path: "/projects/{project}/definitions",
    tag: "Definitions",
    summary: "Pipeline definitions of a project",
    description: "Files of the default branch that are new are added first.",
    access: { of: "project", permission: "project:read" },
    params: projectParam,
    responses: { 200: { description: "All of them.", schema: listOf(definitionSchema) } },
    async handle(_input, { principal, projectId }, { pipelines }) {
      const all = await pipelines.listPipelines(principal, projectId);
      return json(200, { items: all.map(definitionView) });
    },
  }),
  route({
    id: "createDefinition",
    method: "POST",
    path: "/projects/{project}/definitions",
    tag: "Definitions",
    summary: "Add a pipeline definition",
    description: "The file need not exist yet.",
    access: { of: "project", permission: "project:write" },
    params: projectParam,
    body: z.strictObject({ path, name: name.optional() }),
    responses: { 201: { description: "It is there.", schema: definitionSchema } },
    async handle({ body }, { principal, projectId }, { pipelines }) {
      const created = await pipelines.createPipeline(principal, { projectId, ...present(body) });
      const location = `/api/v1/projects/${projectId}/definitions/${created.id}`;
      return json(201, definitionView(created), { location });
    },
  }),
  route({
    id: "getDefinition",
    method: "GET",
    path: "/projects/{project}/definitions/{definition}",
    tag: "Definitions",
    summary: "A pipeline definition",
    access: { of: "project", permission: "project:read" },
    params,
    responses: { 200: { description: "The definition.", schema: definitionSchema } },
    async handle({ params: { definition } }, { principal, projectId }, { pipelines }) {
      return json(200, definitionView(await pipelines.getPipeline(principal, projectId, definition)));
    },
  }),
  route({
    id: "updateDefinition",
    method: "PATCH",
    path: "/projects/{project}/definitions/{definition}",
    tag: "Definitions",
    summary: "Change a pipeline definition",
    access: { of: "project", permission: "project:write" },
    params,
    body: z.strictObject({ name: name.optional(), path: path.optional(), enabled: z.boolean().optional() }),
    responses: { 200: { description: "As it is now.", schema: definitionSchema } },
    async handle({ params: { definition }, body }, { projectId }, { store, clock }) {
      const { id } = await store.projects.findPipeline(projectId, definition);
      const change = { ...present(body), updatedAt: clock.now() };
      return json(200, definitionView(await store.projects.updatePipeline(id, change)));
    },
  }),
  route({
    id: "deleteDefinition",
    method: "DELETE",
    path: "/projects/{project}/definitions/{definition}",
    tag: "Definitions",
    summary: "Delete a pipeline definition",
    description: "Its builds stay readable.",
    access: { of: "project", permission: "project:write" },
    params,
    responses: { 204: { description: "It is gone." } },
    async handle({ params: { definition } }, { projectId }, { store }) {
      await store.projects.deletePipeline((await store.projects.findPipeline(projectId, definition)).id);
      return noContent;
    },
  }),
];
