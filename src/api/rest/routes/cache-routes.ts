import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { json, noContent } from "../answer.ts";
import { fullRef, idParam, projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { cacheSchema, cacheView } from "../views/kept-view.ts";
import { present } from "../views/schema.ts";

export const cacheRoutes = [
  route({
    id: "listCaches",
    method: "GET",
    path: "/projects/{project}/caches",
    tag: "Caches",
    summary: "Caches of a project",
    access: { of: "project", permission: "project:read" },
    params: projectParam,
    query: z.object({
      key: text(512).optional().describe("Beginning of the key."),
      ref: text(500).optional().describe("Full ref, or a branch."),
    }),
    responses: {
      200: {
        description: "All of them, and their size together.",
        schema: z.object({ items: z.array(cacheSchema), totalBytes: z.int() }),
      },
    },
    async handle({ query: { key, ref } }, { projectId }, { store }) {
      const filter = present({
        projectId,
        keyPrefix: key,
        scopes: ref === undefined ? undefined : [fullRef(ref)],
      });
      const [caches, totalBytes] = await Promise.all([
        store.artifacts.listCaches(filter),
        store.artifacts.cacheBytes(projectId),
      ]);
      return json(200, { items: caches.map(cacheView), totalBytes });
    },
  }),
  route({
    id: "deleteCache",
    method: "DELETE",
    path: "/projects/{project}/caches/{cache}",
    tag: "Caches",
    summary: "Delete a cache",
    access: { of: "project", permission: "project:write" },
    params: projectParam.extend({ cache: idParam.describe("Id.") }),
    responses: { 204: { description: "It is gone." } },
    async handle({ params: { cache: id } }, { projectId }, { store, blobs }) {
      const caches = await store.artifacts.listCaches({ projectId });
      if (!caches.some((cache) => cache.id === id)) {
        throw new ExecError("NotFound", "The project has no such cache.");
      }
      const gone = await store.artifacts.deleteCache(id);
      if (gone !== undefined) await blobs.delete(gone.blobKey);
      return noContent;
    },
  }),
];
