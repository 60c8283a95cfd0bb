// What a run said in `--json`, gathered by job and step, for tests to compare.
import type { BuildEvent } from "../../src/builds/build-event.ts";

type Wire = BuildEvent extends infer E
  ? E extends { type: "log" }
    ? Omit<E, "data"> & { text?: string; base64?: string }
    : E
  : never;

export interface StepRecord {
  readonly name: string;
  readonly id?: string;
  outcome?: string;
  conclusion?: string;
  exitCode?: number;
  signal?: string;
  error?: string;
  outputs: Readonly<Record<string, string>>;
  log: string;
}

export interface JobRecord {
  /** As last said: where it depends on what runs before, it is known when the job starts. */
  name: string;
  readonly key: string;
  readonly kind: string;
  result?: string;
  outcome?: string;
  error?: string;
  reason?: string;
  environment?: string;
  environmentUrl?: string;
  outputs: Readonly<Record<string, string>>;
  startedSeq?: number;
  finishedSeq?: number;
  readonly steps: Map<number, StepRecord>;
  log: string;
}

export interface BuildRecord {
  readonly buildId: string;
  title: string;
  result?: string;
  error?: string;
  readonly jobs: JobRecord[];
  readonly annotations: Record<string, unknown>[];
  readonly summaries: string[];
  readonly warnings: string[];
}

/** One record a build, in the order they started. Throws on a line that is not an event of version 1. */
export function readBuilds(ndjson: string): BuildRecord[] {
  const builds = new Map<string, BuildRecord>();
  const lines = ndjson.split("\n").filter((line) => line !== "");
  for (const [position, line] of lines.entries()) {
    const event = JSON.parse(line) as Wire;
    if (event.v !== 1) throw new Error(`Not an event of version 1: ${line}`);
    let build = builds.get(event.buildId);
    if (build === undefined) {
      build = { buildId: event.buildId, title: "", jobs: [], annotations: [], summaries: [], warnings: [] };
      builds.set(event.buildId, build);
    }
    record(build, event, position);
  }
  return [...builds.values()];
}

function record(build: BuildRecord, event: Wire, position: number): void {
  const job = "job" in event ? build.jobs.find(({ key }) => key === event.job) : undefined;
  switch (event.type) {
    case "build.started":
      build.title = event.title;
      return;
    case "build.waiting":
      return;
    case "build.finished":
      build.result = event.result;
      if (event.error !== undefined) build.error = event.error;
      return;
    case "warning":
      build.warnings.push(event.message);
      return;
    case "job.added":
      build.jobs.push({
        name: event.name,
        key: event.job,
        kind: event.kind,
        outputs: {},
        steps: new Map(),
        log: "",
      });
      return;
  }
  if (job === undefined) throw new Error(`${event.type} of a job that was never added: ${event.job}`);
  const step = "step" in event ? job.steps.get(event.step) : undefined;
  switch (event.type) {
    case "job.waiting":
      return;
    case "job.started":
      job.startedSeq = position;
      if (event.name !== undefined) job.name = event.name;
      if (event.environment !== undefined) job.environment = event.environment;
      return;
    case "job.finished":
      Object.assign(job, { ...event, kind: job.kind, finishedSeq: position });
      return;
    case "step.added":
      job.steps.set(event.step, {
        name: event.name,
        ...(event.id === undefined ? {} : { id: event.id }),
        outputs: {},
        log: "",
      });
      return;
    case "step.started":
      Object.assign(step ?? {}, { name: event.name });
      return;
    case "step.finished":
      Object.assign(step ?? {}, { ...event, name: step?.name });
      return;
    case "log": {
      const text = event.text ?? Buffer.from(event.base64 ?? "", "base64").toString("latin1");
      job.log += text;
      if (step !== undefined) step.log += text;
      return;
    }
    case "annotation":
      build.annotations.push({ ...event });
      return;
    case "summary":
      build.summaries.push(event.markdown);
      return;
    case "artifact":
      return;
  }
}
