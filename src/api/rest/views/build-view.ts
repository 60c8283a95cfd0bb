import { z } from "zod";
import type { BuildRecord } from "../../../store/build-record.ts";
import { isoTime, named, time } from "./schema.ts";

export const BUILD_STATUSES = ["pending", "queued", "running", "succeeded", "failed", "cancelled"] as const;
export const TRIGGERS = ["api", "push", "pull_request", "schedule", "webhook", "rerun"] as const;

export const buildSchema = named(
  "Build",
  z.object({
    id: z.string(),
    projectId: z.string(),
    pipelineId: z.string().describe("Of its definition."),
    number: z.int().describe("Counted from 1 within the project."),
    runId: z.int().describe("`github.run_id`."),
    attempt: z.int(),
    rootId: z.string().describe("Id of the first attempt."),
    status: z.enum(BUILD_STATUSES),
    trigger: z.enum(TRIGGERS),
    event: z.string(),
    ref: z.string(),
    sha: z.string(),
    workflow: z.string(),
    title: z.string(),
    actor: z.string(),
    error: z.string().optional(),
    errorCode: z.string().optional(),
    cancelReason: z.string().optional(),
    createdAt: time,
    queuedAt: time.optional(),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    durationMs: z.int().optional().describe("From its start to its end."),
    version: z.int().describe("Grows with every change that a watcher should see."),
  }),
);

export type BuildSummary = z.output<typeof buildSchema>;

export function buildView(build: BuildRecord): BuildSummary {
  const { startedAt, finishedAt } = build;
  return {
    id: build.id,
    projectId: build.projectId,
    pipelineId: build.pipelineId,
    number: build.number,
    runId: build.runId,
    attempt: build.attempt,
    rootId: build.rootId,
    status: build.status,
    trigger: build.trigger,
    event: build.event,
    ref: build.ref,
    sha: build.sha,
    workflow: build.workflow,
    title: build.title,
    actor: build.actor,
    ...(build.error !== undefined && { error: build.error }),
    ...(build.errorCode !== undefined && { errorCode: build.errorCode }),
    ...(build.cancelReason !== undefined && { cancelReason: build.cancelReason }),
    createdAt: isoTime(build.createdAt),
    ...(build.queuedAt !== undefined && { queuedAt: isoTime(build.queuedAt) }),
    ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: isoTime(finishedAt) }),
    ...(startedAt !== undefined &&
      finishedAt !== undefined && { durationMs: Math.max(0, finishedAt - startedAt) }),
    version: build.version,
  };
}
