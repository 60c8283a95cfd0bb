import { ExecError } from "../../errors.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { Executor, IsLiveJob, JobEnd, JobNeeds, NoteSink, RunningJob } from "../executor.ts";
import { FakeInstallation } from "./fake-installation.ts";
import { FakeJob } from "./fake-job.ts";
import { KeptJob, type PlacedJob } from "./kept-job.ts";

export interface FakeExecutorOptions {
  /** Containers and services are refused, with this text. Absent: anything is taken. */
  readonly refusal?: string;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
  /** Jobs go on without whoever started them, and are found again by `attach`. */
  readonly outlives?: boolean;
  /** Of several executors, as of several workers; only with `outlives`. Absent: one of its own. */
  readonly installation?: FakeInstallation;
  /** Images that cannot be had. */
  readonly missingImages?: readonly string[];
  /** What runs a job. Absent: its steps are its script (see `FakeJob`). */
  readonly place?: (request: JobRequest, sink: FrameSink) => PlacedJob;
}

/**
 * An executor for tests of what stands above executors. By default it runs nothing: what a job does is read from its `run`
 * steps, line by line, so that a test scripts it in the workflow itself. With `place` it is a thin skin over something that
 * runs jobs, the runner itself say, and adds what a daemon or a cluster has: jobs that outlive their worker, places that
 * are waited for, vanish, or cannot be reached. Remembers what it was asked, and how many jobs ran at once.
 */
export class FakeExecutor implements Executor {
  readonly name = "fake";
  readonly jobsOutliveIt: boolean;
  /** In the order they were started. */
  readonly requests: JobRequest[] = [];
  /** Most jobs that ran at the same time. */
  peak = 0;
  readonly installation: FakeInstallation;
  readonly #options: FakeExecutorOptions;
  readonly #running = new Set<JobRequest>();
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();
  /** Aborted by `close`: whoever follows a job by then hears nothing any more. */
  #open = new AbortController();

  constructor(options: FakeExecutorOptions = {}) {
    this.#options = options;
    this.jobsOutliveIt = options.outlives === true;
    this.installation = options.installation ?? new FakeInstallation();
  }

  /** Keys of jobs that run now, in the order they were started. */
  get running(): readonly string[] {
    return [...this.#running].map(({ jobKey }) => jobKey);
  }

  /** Lets every `hold <gate>` go on, also later ones. */
  open(gate: string): void {
    this.#gate(gate).resolve();
  }

  refuses({ container, services }: JobNeeds): string | undefined {
    return container || services ? this.#options.refusal : undefined;
  }

  async start(request: JobRequest, sink: FrameSink, note: NoteSink = () => {}): Promise<RunningJob> {
    this.#refuseToPlace(request);
    const ref = `${request.buildId}/${request.jobKey}/${request.attempt}`;
    if (!this.jobsOutliveIt) {
      this.requests.push(request);
      const job = this.#place(request, sink);
      return { ...job, ref, ended: job.ended.catch(lost) };
    }
    const { jobs, turn } = this.installation;
    const known = jobs.get(ref);
    if (known !== undefined) return this.#follow(ref, known, 0, sink);
    this.requests.push(request);
    if (turn !== undefined) note(`Job '${request.displayName}' waits for its place.`);
    const job = new KeptJob(request, (each) => this.#place(request, each), turn);
    jobs.set(ref, job);
    return this.#follow(ref, job, 0, sink);
  }

  /** Only with `outlives`. */
  async attach(ref: string, afterSeq: number, sink: FrameSink): Promise<RunningJob | undefined> {
    const job = this.installation.jobs.get(ref);
    return job && this.#follow(ref, job, afterSeq, sink);
  }

  async sweep(isLive: IsLiveJob): Promise<number> {
    let swept = 0;
    for (const [ref, job] of this.installation.jobs) {
      if (await isLive(job.name)) continue;
      job.kill();
      await job.ended;
      this.installation.jobs.delete(ref);
      swept += 1;
    }
    return swept;
  }

  async close(): Promise<void> {
    this.#open.abort();
    this.#open = new AbortController();
  }

  /** The jobs that went on by themselves are gone, as if their machine was. */
  forget(): void {
    for (const job of this.installation.jobs.values()) job.kill();
    this.installation.jobs.clear();
  }

  #refuseToPlace({ steps, placement, displayName }: JobRequest): void {
    if (steps.some((step) => step.kind === "run" && step.run === "no place")) {
      throw new ExecError("Transient", "no place for it");
    }
    const image = placement?.container?.image;
    if (image !== undefined && this.#options.missingImages?.includes(image)) {
      const message = `The image '${image}' of job '${displayName}' cannot be had: there is no such image.`;
      throw new ExecError("NotFound", message);
    }
  }

  #place(request: JobRequest, sink: FrameSink): PlacedJob {
    const placed = (this.#options.place ?? ((...job) => this.#scripted(...job)))(request, sink);
    this.#running.add(request);
    this.peak = Math.max(this.peak, this.#running.size);
    return { ...placed, ended: placed.ended.finally(() => this.#running.delete(request)) };
  }

  #scripted(request: JobRequest, sink: FrameSink): PlacedJob {
    const job = new FakeJob(request, sink, {
      now: this.#options.now ?? (() => 0),
      gate: (name) => this.#gate(name).promise,
    });
    return { ended: job.run(), cancel: (reason) => job.cancel(reason), kill: () => job.kill() };
  }

  #follow(ref: string, job: KeptJob, afterSeq: number, sink: FrameSink): RunningJob {
    const { signal } = this.#open;
    const whenReached = (tell: () => void) => {
      const { reachable } = this.installation;
      if (reachable === undefined) tell();
      else void reachable.then(tell);
    };
    return {
      ref,
      ended: this.#hear(job, afterSeq, sink, signal),
      cancel: (reason) => whenReached(() => job.cancel(reason)),
      kill: () => whenReached(() => job.kill()),
      release: async () => {
        if (this.installation.jobs.get(ref) === job) this.installation.jobs.delete(ref);
      },
    };
  }

  async #hear(job: KeptJob, afterSeq: number, sink: FrameSink, signal: AbortSignal): Promise<JobEnd> {
    const ready = async () => {
      await this.installation.reachable;
      if (signal.aborted) await forever();
    };
    let end: JobEnd;
    try {
      await job.frames.follow(afterSeq, sink, ready);
      end = await job.ended;
    } catch (error) {
      job.kill();
      await job.ended;
      end = lost(error);
    }
    await ready();
    return end;
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

function forever(): Promise<never> {
  return new Promise(() => {});
}

function lost(error: unknown): JobEnd {
  if (error instanceof ExecError) return { kind: "lost", error };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: "lost",
    error: new ExecError("Permanent", `What the job said could not be taken: ${reason}`, { cause: error }),
  };
}
