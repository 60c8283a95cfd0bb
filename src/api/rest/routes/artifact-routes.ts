import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import type { ArtifactEntry } from "../../../store/artifact-store.ts";
import { disposition, json, noContent, redirect } from "../answer.ts";
import { buildInProject } from "../build-in-project.ts";
import type { Call } from "../call.ts";
import { buildParams, flag, idParam } from "../inputs.ts";
import { type ApiParts, route } from "../route.ts";
import { buildPath } from "../views/job-view.ts";
import { artifactSchema, artifactView } from "../views/kept-view.ts";
import { listOf } from "../views/schema.ts";

const params = buildParams.extend({ artifact: idParam });
const base = "/projects/{project}/pipelines/{pipeline}/artifacts";
const LINK_LIFETIME_MS = 5 * 60_000;

export const artifactRoutes = [
  route({
    id: "listArtifacts",
    method: "GET",
    path: base,
    tag: "Artifacts",
    summary: "Artifacts of a build, of all its attempts",
    access: { of: "project", permission: "project:read" },
    hot: true,
    params: buildParams,
    responses: { 200: { description: "All of them.", schema: listOf(artifactSchema) } },
    async handle({ params: { pipeline } }, call, { store, clock }) {
      const build = await buildInProject(call, store, pipeline);
      const all = await store.artifacts.listArtifacts(build.rootId, clock.now());
      const path = buildPath(build.projectId, build.id);
      return json(200, { items: all.map((artifact) => artifactView(artifact, path)) });
    },
  }),
  route({
    id: "downloadArtifact",
    method: "GET",
    path: `${base}/{artifact}/download`,
    tag: "Artifacts",
    summary: "Download an artifact",
    access: { of: "project", permission: "project:read" },
    hot: true,
    params,
    query: z.object({ direct: flag.describe("The bytes themselves instead of a redirect.") }),
    responses: {
      200: { description: "Its bytes.", contentType: "application/octet-stream" },
      302: { description: "To an address that gives them without a token, for five minutes." },
    },
    async handle(input, call, parts) {
      const artifact = await artifactOf(input.params, call, parts);
      const { blobKey: key, file: fileName, contentType } = artifact;
      if (!input.query.direct) {
        const options = { fileName, contentType, lifetimeMs: LINK_LIFETIME_MS };
        const url = await parts.blobUrls.download(key, options);
        if (url !== undefined) return redirect(url);
      }
      const { stat, body } = await parts.blobs.get(key);
      return {
        status: 200,
        headers: {
          // Never shown in this server's own name: what a build made could be a page with a script.
          "content-type": "application/octet-stream",
          "content-length": String(stat.sizeBytes),
          "content-disposition": disposition("attachment", fileName),
          "x-content-type-options": "nosniff",
        },
        stream: () => body,
        discard: () => body.destroy(),
      };
    },
  }),
  route({
    id: "deleteArtifact",
    method: "DELETE",
    path: `${base}/{artifact}`,
    tag: "Artifacts",
    summary: "Delete an artifact",
    access: { of: "project", permission: "project:write" },
    hot: true,
    params,
    responses: { 204: { description: "It is gone." } },
    async handle(input, call, parts) {
      const artifact = await artifactOf(input.params, call, parts);
      await parts.store.artifacts.deleteArtifact(artifact.id);
      await parts.blobs.delete(artifact.blobKey);
      return noContent;
    },
  }),
];

async function artifactOf(
  { pipeline, artifact: id }: z.output<typeof params>,
  call: Call,
  { store, clock }: ApiParts,
): Promise<ArtifactEntry> {
  const build = await buildInProject(call, store, pipeline);
  const artifact = await store.artifacts.getArtifact(id);
  if (artifact.rootId !== build.rootId || artifact.expiresAt <= clock.now()) {
    throw new ExecError("NotFound", `The build has no artifact ${id}, or it has expired.`);
  }
  return artifact;
}
