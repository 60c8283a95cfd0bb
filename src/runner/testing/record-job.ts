import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../clock.ts";
import type { AnnotationFrame, Frame, JobFinishedFrame, StepFinishedFrame } from "../../protocol/frame.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import { runJob } from "../run-job.ts";
import type { RunnerPorts } from "../runner-ports.ts";
import { jobRequestOf, type RequestOptions } from "./job-request.ts";

export interface JobOptions extends Omit<RequestOptions, "root"> {
  /** Files of the workspace, by path. */
  readonly files?: { readonly [path: string]: string };
  readonly ports?: Partial<RunnerPorts>;
  /** Sees each frame when it is said. */
  readonly onFrame?: (frame: Frame, record: JobRecord) => void | Promise<void>;
  /** Called when all is prepared, just before the job starts. */
  readonly before?: (request: JobRequest) => void;
  /** Called when the job has ended, while its folders are still there. */
  readonly after?: (request: JobRequest) => void;
}

export interface StepRecord extends Partial<Omit<StepFinishedFrame, "type" | "step">> {
  readonly number: number;
  readonly stage: string;
  readonly parent?: number;
  name: string;
  started: boolean;
  log: string;
}

/** What a job said, put together. */
export class JobRecord {
  readonly frames: Frame[] = [];
  readonly steps: StepRecord[] = [];
  readonly annotations: AnnotationFrame[] = [];
  readonly summaries: string[] = [];
  log = "";
  finished: JobFinishedFrame | undefined;

  add(frame: Frame): void {
    this.frames.push(frame);
    const step = "step" in frame ? this.steps.find(({ number }) => number === frame.step) : undefined;
    switch (frame.type) {
      case "step.added": {
        const { step: number, stage, name, parent } = frame;
        const record = { number, stage, name, started: false, log: "" };
        this.steps.push(parent === undefined ? record : { ...record, parent });
        return;
      }
      case "step.started":
        if (step !== undefined) Object.assign(step, { name: frame.name, started: true });
        return;
      case "step.finished": {
        const { type: _, step: __, ...end } = frame;
        if (step !== undefined) Object.assign(step, end);
        return;
      }
      case "log": {
        const text = Buffer.from(frame.data).toString("utf8");
        this.log += text;
        if (step !== undefined) step.log += text;
        return;
      }
      case "annotation":
        this.annotations.push(frame);
        return;
      case "summary":
        this.summaries.push(frame.markdown);
        return;
      case "job.finished":
        this.finished = frame;
        return;
      default:
        return;
    }
  }

  /** By name. */
  step(name: string): StepRecord {
    const found = this.steps.find((step) => step.name === name);
    if (found === undefined) {
      throw new Error(`no step "${name}" among ${this.steps.map((step) => step.name).join(", ")}`);
    }
    return found;
  }

  /** `name: conclusion`, or `name: outcome/conclusion` where they differ; only steps of the file and of actions. */
  get ends(): string[] {
    return this.steps
      .filter(({ stage }) => stage !== "setup" && stage !== "complete")
      .map(({ name, outcome, conclusion }) =>
        outcome === conclusion ? `${name}: ${conclusion}` : `${name}: ${outcome}/${conclusion}`,
      );
  }

  /** The log without ANSI colours and without the heads of the steps: what the steps printed. */
  get printed(): string {
    return this.log.replace(/##\[group\]Run [\s\S]*?##\[endgroup\]\n/g, "");
  }
}

/** Runs the job `test` of a workflow in folders of its own, with real processes, and records it. */
export async function recordJob(workflow: string, options: JobOptions = {}): Promise<JobRecord> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-job-")));
  const record = new JobRecord();
  try {
    const request = jobRequestOf(workflow, { root, ...options });
    for (const [path, content] of Object.entries(options.files ?? {})) {
      const file = join(request.directories.workspace, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    options.before?.(request);
    await runJob(request, {
      sink(frame) {
        record.add(frame);
        return options.onFrame?.(frame, record);
      },
      signal: new AbortController().signal,
      clock: systemClock,
      ...options.ports,
    });
    options.after?.(request);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return record;
}

/** `record.steps` of a workflow with only these steps (YAML, not indented). */
export function jobOf(steps: string, job = ""): string {
  const indent = (text: string, by: string) => text.trim().replace(/^(?=.)/gm, by);
  const more = job === "" ? "" : `\n${indent(job, "    ")}`;
  return `on: push\njobs:\n  test:\n    runs-on: local${more}\n    steps:\n${indent(steps, "      ")}\n`;
}
