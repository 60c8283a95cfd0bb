/** What is known of a run so far: the model behind the live view, the summary and the exit code. */
import type { BuildEvent } from "../../builds/build-event.ts";
import type { Conclusion } from "../../status.ts";
import { LineTail } from "./line-tail.ts";

export interface RunRecord {
  readonly builds: BuildRecord[];
}

export interface BuildRecord {
  readonly id: string;
  file: string;
  title: string;
  event: string;
  ref: string;
  sha: string;
  readonly jobs: Map<string, JobRecord>;
  readonly warnings: { readonly message: string; readonly job: string | undefined }[];
  /** Unix time in milliseconds. */
  startedAt: number;
  result: Conclusion | undefined;
  error: string | undefined;
  durationMs: number | undefined;
  /** What the whole build waits for, e.g. its concurrency group. */
  waitsFor: string | undefined;
}

export type WorkState = "waiting" | "running" | Conclusion;

export interface JobRecord {
  readonly key: string;
  name: string;
  readonly kind: "job" | "group";
  /** Key of the job it is shown below. */
  readonly parent: string | undefined;
  readonly needs: readonly string[];
  state: WorkState;
  /** True where it failed but `continue-on-error` lets the build go on. */
  forgiven: boolean;
  /** What it waits for, beside its needs. */
  waitsFor: string | undefined;
  startedAt: number | undefined;
  durationMs: number | undefined;
  error: string | undefined;
  reason: string | undefined;
  environmentUrl: string | undefined;
  workspace: string | undefined;
  readonly steps: Map<number, StepRecord>;
  /** Output outside any step. */
  readonly tail: LineTail;
  readonly annotations: AnnotationRecord[];
}

export interface StepRecord {
  readonly number: number;
  name: string;
  readonly stage: string;
  readonly background: boolean;
  readonly parent: number | undefined;
  state: WorkState;
  forgiven: boolean;
  startedAt: number | undefined;
  durationMs: number | undefined;
  exitCode: number | undefined;
  signal: string | undefined;
  error: string | undefined;
  readonly tail: LineTail;
  summary: string | undefined;
  /** Lines of `GITHUB_ARTIFACTS`. */
  readonly artifacts: string[];
}

export type AnnotationRecord = Extract<BuildEvent, { type: "annotation" }>;

export function emptyRecord(): RunRecord {
  return { builds: [] };
}

/** Adds one event to the record, in place. Events of builds and jobs that were never announced are let pass. */
export function applyEvent(record: RunRecord, event: BuildEvent): void {
  const known = record.builds.find(({ id }) => id === event.buildId);
  const build = known ?? addBuild(record, event);
  if (event.type === "build.started") {
    Object.assign(build, {
      file: event.file,
      title: event.title,
      event: event.event,
      ref: event.ref,
      sha: event.sha,
      startedAt: event.at,
    });
  } else if (event.type === "build.waiting") {
    build.waitsFor = event.reason;
  } else if (event.type === "build.finished") {
    build.result = event.result;
    build.error = event.error;
    build.durationMs = event.durationMs;
  } else if (event.type === "warning") {
    build.warnings.push({ message: event.message, job: event.job });
  } else if (event.type === "job.added") {
    build.jobs.set(event.job, newJob(event));
  } else {
    const job = build.jobs.get(event.job);
    if (event.type === "job.started") build.waitsFor = undefined;
    if (job !== undefined) applyJobEvent(job, event);
  }
}

type JobEvent = Exclude<
  BuildEvent,
  | { type: "build.started" }
  | { type: "build.waiting" }
  | { type: "build.finished" }
  | { type: "warning" }
  | { type: "job.added" }
>;

function applyJobEvent(job: JobRecord, event: JobEvent): void {
  switch (event.type) {
    case "job.waiting":
      job.waitsFor = event.reason;
      return;
    case "job.started":
      job.state = "running";
      job.startedAt = event.at;
      job.waitsFor = undefined;
      job.workspace = event.workspace;
      job.name = event.name ?? job.name;
      // A retried job begins anew.
      if (event.attempt > 1) job.steps.clear();
      return;
    case "job.finished":
      job.state = event.outcome;
      job.forgiven = event.outcome === "failure" && event.result === "success";
      job.durationMs = event.durationMs;
      job.error = event.error;
      job.reason = event.reason;
      job.environmentUrl = event.environmentUrl;
      return;
    case "step.added":
      job.steps.set(event.step, newStep(event));
      return;
    case "annotation":
      job.annotations.push(event);
      return;
    case "log": {
      const tail = event.step === 0 ? job.tail : job.steps.get(event.step)?.tail;
      tail?.push(event.data);
      return;
    }
    default: {
      const step = job.steps.get(event.step);
      if (step !== undefined) applyStepEvent(step, event);
    }
  }
}

type StepEvent = Extract<JobEvent, { type: "step.started" | "step.finished" | "summary" | "artifact" }>;

function applyStepEvent(step: StepRecord, event: StepEvent): void {
  switch (event.type) {
    case "step.started":
      step.state = "running";
      step.name = event.name;
      step.startedAt = event.at;
      return;
    case "step.finished":
      step.state = event.outcome;
      step.forgiven = event.outcome === "failure" && event.conclusion === "success";
      step.durationMs = event.durationMs;
      step.exitCode = event.exitCode;
      step.signal = event.signal;
      step.error = event.error;
      return;
    case "summary":
      step.summary = event.markdown;
      return;
    case "artifact":
      step.artifacts.push(event.value);
      return;
  }
}

function addBuild(record: RunRecord, event: BuildEvent): BuildRecord {
  const build: BuildRecord = {
    id: event.buildId,
    file: "",
    title: "",
    event: "",
    ref: "",
    sha: "",
    jobs: new Map(),
    warnings: [],
    startedAt: event.at,
    result: undefined,
    error: undefined,
    durationMs: undefined,
    waitsFor: undefined,
  };
  record.builds.push(build);
  return build;
}

function newJob(event: Extract<BuildEvent, { type: "job.added" }>): JobRecord {
  return {
    key: event.job,
    name: event.name,
    kind: event.kind,
    parent: event.parent ?? event.legOf,
    needs: event.needs,
    state: "waiting",
    forgiven: false,
    waitsFor: undefined,
    startedAt: undefined,
    durationMs: undefined,
    error: undefined,
    reason: undefined,
    environmentUrl: undefined,
    workspace: undefined,
    steps: new Map(),
    tail: new LineTail(),
    annotations: [],
  };
}

function newStep(event: Extract<BuildEvent, { type: "step.added" }>): StepRecord {
  return {
    number: event.step,
    name: event.name,
    stage: event.stage,
    background: event.background,
    parent: event.parent,
    state: "waiting",
    forgiven: false,
    startedAt: undefined,
    durationMs: undefined,
    exitCode: undefined,
    signal: undefined,
    error: undefined,
    tail: new LineTail(),
    summary: undefined,
    artifacts: [],
  };
}
