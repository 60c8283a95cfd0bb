import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { Executor, JobEnd, JobNeeds, RunningJob } from "../executor.ts";
import { FakeJob } from "./fake-job.ts";
import { FrameHistory } from "./frame-history.ts";

export interface FakeExecutorOptions {
  /** Containers and services are refused, with this text. Absent: anything is taken. */
  readonly refusal?: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
  /** Jobs go on without whoever started them, and are found again by `attach`. */
  readonly outlives?: boolean;
}

interface KeptJob {
  readonly job: FakeJob;
  readonly frames: FrameHistory;
  readonly ended: Promise<JobEnd>;
}

/**
 * Runs nothing: what a job does is read from its `run` steps, line by line, so that a test scripts it in the
 * workflow itself (see `FakeJob`). Remembers what it was asked, and how many jobs ran at once.
 */
export class FakeExecutor implements Executor {
  readonly name = "fake";
  readonly jobsOutliveIt: boolean;
  /** In the order they were started. */
  readonly requests: JobRequest[] = [];
  /** Most jobs that ran at the same time. */
  peak = 0;
  readonly #options: FakeExecutorOptions;
  readonly #running = new Set<FakeJob>();
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  readonly #kept = new Map<string, KeptJob>();

  constructor(options: FakeExecutorOptions = {}) {
    this.#options = options;
    this.jobsOutliveIt = options.outlives === true;
  }

  /** Keys of jobs that run now, in the order they were started. */
  get running(): readonly string[] {
    return [...this.#running].map(({ request }) => request.jobKey);
  }

  /** Lets every `hold <gate>` go on, also later ones. */
  open(gate: string): void {
    this.#gate(gate).resolve();
  }

  refuses({ container, services }: JobNeeds): string | undefined {
    return container || services ? this.#options.refusal : undefined;
  }

  async start(request: JobRequest, sink: FrameSink): Promise<RunningJob> {
    if (request.steps.some((step) => step.kind === "run" && step.run === "no place")) {
      throw new ExecError("Transient", "no place for it");
    }
    this.requests.push(request);
    const frames = new FrameHistory();
    const job = new FakeJob(request, this.jobsOutliveIt ? (frame) => frames.add(frame) : sink, {
      now: this.#options.now ?? (() => 0),
      gate: (name) => this.#gate(name).promise,
    });
    this.#running.add(job);
    this.peak = Math.max(this.peak, this.#running.size);
    const ended = job.run().finally(() => {
      this.#running.delete(job);
      frames.end();
    });
    const ref = `${request.buildId}/${request.jobKey}/${request.attempt}`;
    if (!this.jobsOutliveIt) return runningJob(ref, job, ended);
    this.#kept.set(ref, { job, frames, ended });
    return runningJob(ref, job, followed({ frames, ended }, 0, sink));
  }

  /** Only with `outlives`. */
  async attach(ref: string, afterSeq: number, sink: FrameSink): Promise<RunningJob | undefined> {
    const kept = this.#kept.get(ref);
    return kept && runningJob(ref, kept.job, followed(kept, afterSeq, sink));
  }

  /** The jobs that went on by themselves are gone, as if their machine was. */
  forget(): void {
    for (const { job } of this.#kept.values()) job.kill();
    this.#kept.clear();
  }

  #gate(name: string): PromiseWithResolvers<void> {
    let gate = this.#gates.get(name);
    if (gate === undefined) {
      gate = Promise.withResolvers<void>();
      this.#gates.set(name, gate);
    }
    return gate;
  }
}

function runningJob(ref: string, job: FakeJob, ended: Promise<JobEnd>): RunningJob {
  return { ref, ended, cancel: (reason) => job.cancel(reason), kill: () => job.kill() };
}

async function followed(
  { frames, ended }: Pick<KeptJob, "frames" | "ended">,
  afterSeq: number,
  sink: FrameSink,
): Promise<JobEnd> {
  await frames.follow(afterSeq, sink);
  return await ended;
}
