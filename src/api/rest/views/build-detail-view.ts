import { z } from "zod";
import type { BuildView } from "../../../builds/service/executor-service.ts";
import type { ApprovalRecord } from "../../../store/approval-store.ts";
import type { BuildStore } from "../../../store/build-store.ts";
import type { StepRecord } from "../../../store/job-record.ts";
import { buildSchema, buildView } from "./build-view.ts";
import { annotationSchema, annotationView, buildPath, jobSchema, jobView } from "./job-view.ts";
import { isoTime, named, present, time } from "./schema.ts";

export const approvalSchema = named(
  "Approval",
  z.object({
    id: z.string(),
    jobKey: z.string(),
    environment: z.string(),
    reviewers: z.array(z.string()).describe("Names; `*`: whoever may write to the project."),
    state: z.enum(["waiting", "approved", "rejected", "expired"]),
    createdAt: time,
    expiresAt: time,
    decidedBy: z.string().optional(),
    decidedAt: time.optional(),
    comment: z.string().optional(),
  }),
);

const attemptSchema = named(
  "Attempt",
  buildSchema.pick({
    id: true,
    attempt: true,
    status: true,
    createdAt: true,
    startedAt: true,
    finishedAt: true,
    durationMs: true,
  }),
);

export const buildDetailSchema = named(
  "BuildDetail",
  buildSchema.extend({
    jobs: z.array(jobSchema),
    approvals: z.array(approvalSchema),
    annotations: z.array(annotationSchema),
    warnings: z.array(z.string()),
    attempts: z.array(attemptSchema).describe("All attempts at the build, oldest first."),
  }),
);

export type BuildDetail = z.output<typeof buildDetailSchema>;
export type LiveBuild = Omit<BuildDetail, "attempts">;

export function approvalView(approval: ApprovalRecord): z.output<typeof approvalSchema> {
  const { buildId: _, reviewers, createdAt, expiresAt, decidedAt, ...rest } = approval;
  return {
    ...present(rest),
    reviewers: [...reviewers],
    createdAt: isoTime(createdAt),
    expiresAt: isoTime(expiresAt),
    ...(decidedAt !== undefined && { decidedAt: isoTime(decidedAt) }),
  };
}

/** A build with everything that changes while it runs. Jobs of earlier attempts that stand show the steps they had. */
export async function liveBuild(view: BuildView, builds: Pick<BuildStore, "stepsOfJob">): Promise<LiveBuild> {
  const { build } = view;
  const byJob = Map.groupBy(view.steps, ({ jobId }) => jobId);
  const base = buildPath(build.projectId, build.id);
  const carried = view.jobs.filter((job) => job.carriedFrom !== undefined && !byJob.has(job.id));
  await Promise.all(
    carried.map(async (job) => {
      byJob.set(job.id, [...(await builds.stepsOfJob(job.carriedFrom ?? job.id))] as StepRecord[]);
    }),
  );
  return {
    ...buildView(build),
    jobs: view.jobs.map((job) => jobView(job, byJob.get(job.id) ?? [], base)),
    approvals: view.approvals.map(approvalView),
    annotations: view.annotations.map(annotationView),
    warnings: [...view.warnings],
  };
}
