import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { Executor, JobNeeds, RunningJob } from "../executor.ts";
import { FakeJob } from "./fake-job.ts";

export interface FakeExecutorOptions {
  /** Containers and services are refused, with this text. Absent: anything is taken. */
  readonly refusal?: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

/**
 * Runs nothing: what a job does is read from its `run` steps, line by line, so that a test scripts it in the
 * workflow itself (see `FakeJob`). Remembers what it was asked, and how many jobs ran at once.
 */
export class FakeExecutor implements Executor {
  readonly name = "fake";
  /** In the order they were started. */
  readonly requests: JobRequest[] = [];
  /** Most jobs that ran at the same time. */
  peak = 0;
  readonly #options: FakeExecutorOptions;
  readonly #running = new Set<FakeJob>();
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  constructor(options: FakeExecutorOptions = {}) {
    this.#options = options;
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
    const job = new FakeJob(request, sink, {
      now: this.#options.now ?? (() => 0),
      gate: (name) => this.#gate(name).promise,
    });
    this.#running.add(job);
    this.peak = Math.max(this.peak, this.#running.size);
    const ended = job.run().finally(() => this.#running.delete(job));
    return {
      ref: request.jobKey,
      ended,
      cancel: (reason) => job.cancel(reason),
      kill: () => job.kill(),
    };
  }

  async attach(): Promise<undefined> {
    return undefined;
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
