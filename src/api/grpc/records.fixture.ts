/** Records with every field, and with none that need not be there. */
import type { BuildView } from "../../builds/service/executor-service.ts";
import type { ApprovalRecord } from "../../store/approval-store.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { AnnotationRecord, JobRecord, StepRecord } from "../../store/job-record.ts";
import type { PipelineRecord } from "../../store/project-record.ts";

export const bareBuild: BuildRecord = {
  id: "b1",
  projectId: "p1",
  pipelineId: "l1",
  number: 7,
  runId: 4_000_000_007,
  attempt: 2,
  rootId: "b0",
  status: "running",
  trigger: "rerun",
  event: "push",
  ref: "refs/heads/größe",
  sha: "a".repeat(40),
  workflow: "CI",
  title: "Build of main",
  actor: "ada",
  createdAt: 1_700_000_000_123,
  version: 42,
};
export const fullBuild: Required<BuildRecord> = {
  ...bareBuild,
  error: "a\nb",
  errorCode: "QuotaExceeded",
  cancelReason: "enough",
  queuedAt: 1_700_000_000_124,
  startedAt: 1_700_000_001_000,
  finishedAt: 1_700_000_002_999,
};

export const bareJob: JobRecord = {
  id: "j1",
  buildId: "b1",
  key: "test[1]",
  jobId: "test",
  name: "test (1)",
  kind: "job",
  needs: [],
  position: 3,
  attempt: 1,
  latest: false,
  status: "waiting",
  outputs: {},
  infrastructureFailure: false,
  frameSeq: 0,
  createdAt: 0,
};
export const fullJob: Required<JobRecord> = {
  ...bareJob,
  kind: "group",
  needs: ["a", "b[2]"],
  latest: true,
  parent: "release",
  legOf: "test",
  matrix: { os: ["linux", null], n: 1.5, deep: { on: true, off: false } },
  result: "success",
  outcome: "failure",
  outputs: { url: "https://x", empty: "" },
  error: "lost",
  reason: "",
  infrastructureFailure: true,
  environment: "production",
  environmentUrl: "https://prod",
  executor: "local",
  executorRef: "pid:1",
  frameSeq: 9_007_199_254_740_991,
  carriedFrom: "j0",
  queuedAt: 1,
  startedAt: 2,
  finishedAt: 3,
};

export const bareStep: StepRecord = {
  id: "s1",
  buildId: "b1",
  jobId: "j1",
  number: 0,
  name: "log",
  stage: "job",
  type: "run",
  status: "pending",
  background: false,
  log: { kept: "rows", sizeBytes: 0 },
};
export const fullStep: Required<StepRecord> = {
  ...bareStep,
  number: 4,
  stepId: "compile",
  stage: "main",
  outcome: "cancelled",
  conclusion: "skipped",
  exitCode: 0,
  signal: "SIGKILL",
  error: "",
  line: 12,
  parent: 3,
  background: true,
  summary: "# done",
  startedAt: 10,
  finishedAt: 20,
  durationMs: 9.75,
  log: { kept: "blob", sizeBytes: 5_000_000_000, sha256: "ff" },
};

export const bareApproval: ApprovalRecord = {
  id: "a1",
  buildId: "b1",
  jobKey: "deploy",
  environment: "production",
  reviewers: [],
  createdAt: 5,
  expiresAt: 6,
  state: "waiting",
};
export const fullApproval: Required<ApprovalRecord> = {
  ...bareApproval,
  reviewers: ["ada", "*"],
  state: "approved",
  decidedBy: "ada",
  comment: "go",
  decidedAt: 7,
};

export const bareAnnotation: AnnotationRecord = {
  id: "n1",
  buildId: "b1",
  jobId: "j1",
  step: 0,
  level: "notice",
  message: "hm",
  createdAt: 8,
};
export const fullAnnotation: Required<AnnotationRecord> = {
  ...bareAnnotation,
  level: "error",
  title: "T",
  file: "a.ts",
  line: 1,
  endLine: 2,
  column: 0,
  endColumn: 4,
};

export const pipeline: PipelineRecord = {
  id: "l1",
  projectId: "p1",
  name: "CI",
  path: ".workflows/ci.yml",
  enabled: true,
  createdAt: 1,
  updatedAt: 2,
};

export const fullView: BuildView = {
  build: fullBuild,
  jobs: [bareJob, fullJob],
  steps: [bareStep, fullStep],
  approvals: [bareApproval, fullApproval],
  annotations: [bareAnnotation, fullAnnotation],
  warnings: ["careful"],
};
