import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { settingName } from "../../../identity/setting-name.ts";
import { json, noContent } from "../answer.ts";
import { projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { isoTime, listOf, named, present, time } from "../views/schema.ts";

const params = projectParam.extend({ name: text(255) });
const environment = z.object({
  environment: text(255).optional().describe("Only for jobs of this environment."),
});
const MAX_VALUE = 48 * 1024;

const secretSchema = named(
  "SecretName",
  z.object({ name: z.string(), environment: z.string().optional(), updatedAt: time }),
);
const variableSchema = named("Variable", z.object({ name: z.string(), value: z.string(), updatedAt: time }));

const READ = { of: "project", permission: "project:read" } as const;
const WRITE = { of: "project", permission: "project:write" } as const;

export const settingRoutes = [
  route({
    id: "listSecrets",
    method: "GET",
    path: "/projects/{project}/secrets",
    tag: "Secrets and variables",
    summary: "Names of the secrets of a project",
    description: "No route gives a value.",
    access: READ,
    params: projectParam,
    responses: { 200: { description: "All of them.", schema: listOf(secretSchema) } },
    async handle(_input, { projectId }, { vault }) {
      const items = (await vault.list(projectId)).map(({ name, environment, updatedAt }) => ({
        name,
        ...present({ environment }),
        updatedAt: isoTime(updatedAt),
      }));
      return json(200, { items });
    },
  }),
  route({
    id: "putSecret",
    method: "PUT",
    path: "/projects/{project}/secrets/{name}",
    tag: "Secrets and variables",
    summary: "Set a secret",
    access: WRITE,
    params,
    query: environment,
    body: z.strictObject({ value: z.string().max(MAX_VALUE) }),
    responses: { 204: { description: "Builds that begin from now on have it." } },
    async handle({ params: { name }, query, body }, { projectId }, { vault }) {
      await vault.put(projectId, settingName(name, "secret"), body.value, query.environment);
      return noContent;
    },
  }),
  route({
    id: "deleteSecret",
    method: "DELETE",
    path: "/projects/{project}/secrets/{name}",
    tag: "Secrets and variables",
    summary: "Delete a secret",
    access: WRITE,
    params,
    query: environment,
    responses: { 204: { description: "It is gone." } },
    async handle({ params: { name }, query }, { projectId }, { vault }) {
      const known = await vault.delete(projectId, settingName(name, "secret"), query.environment);
      if (!known) throw new ExecError("NotFound", "The project has no secret of this name.");
      return noContent;
    },
  }),
  route({
    id: "listVariables",
    method: "GET",
    path: "/projects/{project}/variables",
    tag: "Secrets and variables",
    summary: "Variables of a project",
    access: READ,
    params: projectParam,
    responses: { 200: { description: "All of them.", schema: listOf(variableSchema) } },
    async handle(_input, { projectId }, { store }) {
      const items = (await store.projects.listSettings(projectId, "variable")).map(
        ({ name, value, updatedAt }) => ({ name, value, updatedAt: isoTime(updatedAt) }),
      );
      return json(200, { items });
    },
  }),
  route({
    id: "putVariable",
    method: "PUT",
    path: "/projects/{project}/variables/{name}",
    tag: "Secrets and variables",
    summary: "Set a variable",
    access: WRITE,
    params,
    body: z.strictObject({ value: text(MAX_VALUE, 0) }),
    responses: { 200: { description: "As it is now.", schema: variableSchema } },
    async handle({ params, body: { value } }, { projectId }, { store, clock }) {
      const name = settingName(params.name, "variable");
      const updatedAt = clock.now();
      await store.projects.putSetting({ projectId, kind: "variable", name, value, updatedAt });
      return json(200, { name, value, updatedAt: isoTime(updatedAt) });
    },
  }),
  route({
    id: "deleteVariable",
    method: "DELETE",
    path: "/projects/{project}/variables/{name}",
    tag: "Secrets and variables",
    summary: "Delete a variable",
    access: WRITE,
    params,
    responses: { 204: { description: "It is gone." } },
    async handle({ params: { name } }, { projectId }, { store }) {
      const known = await store.projects.deleteSetting(projectId, "variable", settingName(name, "variable"));
      if (!known) throw new ExecError("NotFound", "The project has no variable of this name.");
      return noContent;
    },
  }),
];
