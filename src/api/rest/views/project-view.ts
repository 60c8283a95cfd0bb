import { z } from "zod";
import type { EnvironmentRecord, PipelineRecord, ProjectRecord } from "../../../store/project-record.ts";
import { isoTime, named, present, time } from "./schema.ts";

const count = z.int().min(1).max(1_000_000);

export const settingsSchema = z.strictObject({
  maxBuilds: count.optional().describe("Builds of the project that may run at once."),
  maxJobs: count.optional().describe("Jobs of the project that may run at once."),
  maxBuildMinutes: count.optional(),
  infrastructureRetries: z.int().min(0).max(10).optional(),
  artifactRetentionDays: z.int().min(1).max(3650).optional(),
  publicBadges: z.boolean().optional().describe("True: badges can be read without a token."),
});

export const projectSchema = named(
  "Project",
  z.object({
    id: z.string(),
    name: z.string(),
    repositoryUrl: z.string(),
    defaultBranch: z.string(),
    settings: settingsSchema,
    createdAt: time,
    updatedAt: time,
  }),
);

export const definitionSchema = named(
  "Definition",
  z.object({
    id: z.string(),
    projectId: z.string(),
    name: z.string(),
    path: z.string(),
    enabled: z.boolean().describe("False: nothing starts it but an explicit request."),
    createdAt: time,
    updatedAt: time,
  }),
);

export const environmentSchema = named(
  "Environment",
  z.object({
    id: z.string(),
    name: z.string(),
    reviewers: z.array(z.string()),
    approvalTimeoutMs: z.int(),
    createdAt: time,
    updatedAt: time,
  }),
);

interface Times {
  readonly createdAt: number;
  readonly updatedAt: number;
}
const times = ({ createdAt, updatedAt }: Times) => ({
  createdAt: isoTime(createdAt),
  updatedAt: isoTime(updatedAt),
});

export function projectView(project: ProjectRecord): z.output<typeof projectSchema> {
  const { id, name, repositoryUrl, defaultBranch, settings } = project;
  return { id, name, repositoryUrl, defaultBranch, settings: present(settings), ...times(project) };
}

export function definitionView(pipeline: PipelineRecord): z.output<typeof definitionSchema> {
  const { id, projectId, name, path, enabled } = pipeline;
  return { id, projectId, name, path, enabled, ...times(pipeline) };
}

export function environmentView(environment: EnvironmentRecord): z.output<typeof environmentSchema> {
  const { id, name, reviewers, approvalTimeoutMs } = environment;
  return { id, name, reviewers: [...reviewers], approvalTimeoutMs, ...times(environment) };
}
