import { z } from "zod";
import type { BuildRecord } from "../../../store/build-record.ts";
import type { JobRecord } from "../../../store/job-record.ts";
import { BUILD_STATUSES } from "./build-view.ts";
import { jobSchema } from "./job-view.ts";
import { isoTime, named } from "./schema.ts";

export const graphSchema = named(
  "Graph",
  z.object({
    buildId: z.string(),
    status: z.enum(BUILD_STATUSES),
    version: z.int(),
    nodes: z.array(
      jobSchema.pick({ id: true, key: true, name: true, kind: true, status: true, attempt: true }).extend({
        ...jobSchema.pick({ parent: true, legOf: true, startedAt: true, finishedAt: true }).shape,
      }),
    ),
    edges: z
      .array(z.object({ from: z.string(), to: z.string() }))
      .describe("Keys of nodes: `to` waits for `from`."),
  }),
);

/** The newest attempt of each job. */
export function graphView(build: BuildRecord, jobs: readonly JobRecord[]): z.output<typeof graphSchema> {
  const latest = jobs.filter((job) => job.latest);
  const keys = new Set(latest.map(({ key }) => key));
  return {
    buildId: build.id,
    status: build.status,
    version: build.version,
    nodes: latest.map(({ id, key, name, kind, status, attempt, parent, legOf, startedAt, finishedAt }) => ({
      id,
      key,
      name,
      kind,
      status,
      attempt,
      ...(parent !== undefined && { parent }),
      ...(legOf !== undefined && { legOf }),
      ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
      ...(finishedAt !== undefined && { finishedAt: isoTime(finishedAt) }),
    })),
    edges: latest.flatMap(({ key, needs }) =>
      needs.filter((need) => keys.has(need)).map((need) => ({ from: need, to: key })),
    ),
  };
}
