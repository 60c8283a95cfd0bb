import { createHash } from "node:crypto";
import { z } from "zod";
import { badgeSvg } from "../badge-svg.ts";
import { fullRef, projectParam, text } from "../inputs.ts";
import { route } from "../route.ts";
import { present } from "../views/schema.ts";

export const badgeRoutes = [
  route({
    id: "getBadge",
    method: "GET",
    path: "/projects/{project}/badge.svg",
    tag: "Badges",
    summary: "The state of the newest build that has ended, as a picture",
    description:
      "Without a token only where the project's setting `publicBadges` is true: else it would tell whether a project exists, and how it fares.",
    access: { of: "badge" },
    params: projectParam,
    query: z.object({
      branch: text(250).optional().describe("The default branch where absent."),
      pipeline: text(500).optional().describe("Id, name or path; absent: any."),
      label: text(50).optional(),
    }),
    responses: { 200: { description: "An SVG.", contentType: "image/svg+xml" } },
    async handle({ query }, call, { store, executor }) {
      const { project, projectId } = call;
      const pipeline =
        query.pipeline === undefined
          ? undefined
          : await store.projects.findPipeline(projectId, query.pipeline);
      const filter = {
        projectId,
        ref: fullRef(query.branch ?? project.defaultBranch),
        ...present({ pipelineId: pipeline?.id }),
        status: ["succeeded", "failed", "cancelled"] as const,
      };
      const [build] = (await executor.listBuilds(filter, { limit: 1 })).items;
      const svg = badgeSvg(query.label ?? pipeline?.name ?? "build", build?.status ?? "unknown");
      const etag = `"${createHash("sha1").update(svg).digest("base64url")}"`;
      const headers = { "content-type": "image/svg+xml; charset=utf-8", "cache-control": "no-cache", etag };
      if (call.header("if-none-match") === etag) return { status: 304, headers };
      return { status: 200, headers, text: svg };
    },
  }),
];
