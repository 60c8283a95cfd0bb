import { z } from "zod";
import type { AnnotationRecord, JobRecord, StepRecord } from "../../../store/job-record.ts";
import { isoTime, named, present, time } from "./schema.ts";

const STATUSES = [
  "pending",
  "queued",
  "waiting",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "skipped",
] as const;
const conclusion = z.enum(["success", "failure", "cancelled", "skipped"]);

export const stepSchema = named(
  "Step",
  z.object({
    id: z.string(),
    jobId: z.string().describe("`id` of its job."),
    number: z.int().describe("From 1; 0 is the job's own log, outside any step."),
    stepId: z.string().optional().describe("Its id in the file."),
    name: z.string(),
    stage: z.enum(["job", "setup", "pre", "main", "post", "complete"]),
    type: z.string().describe("`run`, or the action as written."),
    status: z.enum(STATUSES),
    outcome: conclusion.optional(),
    conclusion: conclusion.optional(),
    exitCode: z.int().optional(),
    signal: z.string().optional(),
    error: z.string().optional(),
    line: z.int().optional().describe("In the file."),
    parent: z.int().optional().describe("Number of the step that called it."),
    background: z.boolean(),
    summary: z.string().optional().describe("Markdown."),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    durationMs: z.number().optional(),
    log: z.object({
      url: z.string().describe("Path from the root of the server."),
      kept: z.enum(["rows", "blob", "expired"]).describe("`rows`: it may still grow."),
      sizeBytes: z.int(),
      sha256: z.string().optional(),
    }),
  }),
);

export const jobSchema = named(
  "Job",
  z.object({
    id: z.string(),
    key: z.string().describe("Unique in the build together with `attempt`: `test[1]`."),
    jobId: z.string().describe("Its id in the file."),
    name: z.string(),
    kind: z.enum(["job", "group"]).describe("`group`: stands for its legs or for a called workflow."),
    status: z.enum(STATUSES),
    result: conclusion.optional(),
    outcome: conclusion.optional(),
    needs: z.array(z.string()).describe("Keys."),
    parent: z.string().optional(),
    legOf: z.string().optional(),
    matrix: z.unknown().optional(),
    position: z.int(),
    attempt: z.int(),
    latest: z.boolean().describe("False: this attempt was lost and tried again."),
    outputs: z.record(z.string(), z.string()),
    error: z.string().optional(),
    reason: z.string().optional(),
    infrastructureFailure: z.boolean(),
    environment: z.string().optional(),
    environmentUrl: z.string().optional(),
    executor: z.string().optional(),
    carriedFrom: z.string().optional().describe("`id` of the job of an earlier attempt whose end stands."),
    createdAt: time,
    queuedAt: time.optional(),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    durationMs: z.int().optional(),
    logUrl: z.string().describe("Path of the whole job's log."),
    steps: z.array(stepSchema),
  }),
);

export const annotationSchema = named(
  "Annotation",
  z.object({
    id: z.string(),
    jobId: z.string(),
    step: z.int().describe("Number of the step."),
    level: z.enum(["notice", "warning", "error"]),
    message: z.string(),
    title: z.string().optional(),
    file: z.string().optional(),
    line: z.int().optional(),
    endLine: z.int().optional(),
    column: z.int().optional(),
    endColumn: z.int().optional(),
    createdAt: time,
  }),
);

export type JobView = z.output<typeof jobSchema>;
export type StepView = z.output<typeof stepSchema>;
export type AnnotationView = z.output<typeof annotationSchema>;

/** Path of a build below the root of the server. */
export const buildPath = (projectId: string, buildId: string) =>
  `/api/v1/projects/${projectId}/pipelines/${buildId}`;

function stepView(step: StepRecord, base: string): StepView {
  const { id, buildId: _, startedAt, finishedAt, log, ...rest } = step;
  return {
    ...present(rest),
    id,
    ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: isoTime(finishedAt) }),
    log: {
      url: `${base}/steps/${id}/logs`,
      kept: log.kept,
      sizeBytes: log.sizeBytes,
      ...(log.sha256 !== undefined && { sha256: log.sha256 }),
    },
  };
}

export function jobView(job: JobRecord, steps: readonly StepRecord[], base: string): JobView {
  const {
    buildId: _build,
    executorRef: _ref,
    frameSeq: _seq,
    needs,
    createdAt,
    queuedAt,
    startedAt,
    finishedAt,
    outputs,
    ...rest
  } = job;
  return {
    ...present(rest),
    needs: [...needs],
    outputs: { ...outputs },
    createdAt: isoTime(createdAt),
    ...(queuedAt !== undefined && { queuedAt: isoTime(queuedAt) }),
    ...(startedAt !== undefined && { startedAt: isoTime(startedAt) }),
    ...(finishedAt !== undefined && { finishedAt: isoTime(finishedAt) }),
    ...(startedAt !== undefined &&
      finishedAt !== undefined && { durationMs: Math.max(0, finishedAt - startedAt) }),
    logUrl: `${base}/jobs/${job.id}/logs`,
    steps: steps.map((step) => stepView(step, base)),
  };
}

export function annotationView({ buildId: _, createdAt, ...rest }: AnnotationRecord): AnnotationView {
  return { ...present(rest), createdAt: isoTime(createdAt) };
}
