import { z } from "zod";
import { json } from "../answer.ts";
import { projectParam } from "../inputs.ts";
import { route } from "../route.ts";
import { isoTime, listOf, named, time } from "../views/schema.ts";

const scheduleSchema = named(
  "Schedule",
  z.object({
    id: z.string(),
    pipelineId: z.string(),
    pipeline: z.string().describe("Name of the definition."),
    enabled: z.boolean(),
    cron: z.string(),
    timezone: z.string(),
    nextAt: time,
  }),
);

export const scheduleRoutes = [
  route({
    id: "listSchedules",
    method: "GET",
    path: "/projects/{project}/schedules",
    tag: "Definitions",
    summary: "When pipelines of a project start by themselves",
    access: { of: "project", permission: "project:read" },
    params: projectParam,
    responses: { 200: { description: "Soonest first.", schema: listOf(scheduleSchema) } },
    async handle(_input, { projectId }, { store }) {
      const pipelines = await store.projects.listPipelines(projectId);
      const lists = await Promise.all(
        pipelines.map(async ({ id, name, enabled }) =>
          (await store.schedules.list(id)).map((schedule) => ({ ...schedule, pipeline: name, enabled })),
        ),
      );
      const items = lists
        .flat()
        .sort((a, b) => a.nextAt - b.nextAt)
        .map(({ id, pipelineId, pipeline, enabled, cron, timezone, nextAt }) => ({
          id,
          pipelineId,
          pipeline,
          enabled,
          cron,
          timezone,
          nextAt: isoTime(nextAt),
        }));
      return json(200, { items });
    },
  }),
];
