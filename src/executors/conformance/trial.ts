import { randomUUID } from "node:crypto";
import type { Json } from "../../json.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { ContainerRequest } from "../../protocol/job-placement.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { StepSpec } from "../../spec/workflow-spec.ts";
import type { Executor, JobEnd, NoteSink, RunningJob } from "../executor.ts";
import { type ExecutorUnderTest, type ImagesUnderTest, NO_PLACEMENT } from "./executor-under-test.ts";
import { Recording } from "./recording.ts";

type Final = Extract<JobEnd, { kind: "reported" }>["final"];

/** One case at one place: starts jobs, keeps what they say, and ends what a case that failed left running. */
export class Trial {
  readonly place: ExecutorUnderTest;
  /** What jobs say that are started or attached to without a recording of their own. */
  readonly said = new Recording();
  /** What was told of a job when its end had been given already. */
  readonly toldTooLate: string[] = [];
  readonly #jobs: RunningJob[] = [];
  readonly #ended = new Set<RunningJob>();
  readonly #executors: Executor[] = [];

  constructor(place: ExecutorUnderTest) {
    this.place = place;
  }

  request(steps: readonly StepSpec[], more: Partial<JobRequest> = {}): JobRequest {
    return { ...this.place.request(more.jobKey ?? "job"), steps, ...more };
  }

  start(steps: readonly StepSpec[], more: Partial<JobRequest> = {}, said = this.said): Promise<RunningJob> {
    return this.startRequest(this.request(steps, more), said);
  }

  async startRequest(
    request: JobRequest,
    said = this.said,
    sink: FrameSink = said.sink,
  ): Promise<RunningJob> {
    const ears = this.#ears(sink, said.note);
    return this.#keep(await this.place.executor.start(request, ears.sink, ears.note), ears);
  }

  /** Runs a job to an end that it reports itself. */
  async run(steps: readonly StepSpec[], more: Partial<JobRequest> = {}, said = this.said): Promise<Final> {
    return await this.end(await this.start(steps, more, said));
  }

  async end(job: RunningJob): Promise<Final> {
    const ended = await job.ended;
    if (ended.kind === "lost") throw ended.error;
    return ended.final;
  }

  /** Text that no process but those of this trial has. */
  marker(): string {
    return `conformance-${randomUUID()}`;
  }

  /** Another executor over the same installation. */
  async reopen(): Promise<Executor> {
    if (this.place.reopen === undefined)
      throw new Error("The place cannot be reopened, and no skip says so.");
    const executor = await this.place.reopen();
    this.#executors.push(executor);
    return executor;
  }

  /** Follows a job by another executor, from the frame after `afterSeq`. Fails where it is not found. */
  async attach(executor: Executor, ref: string, afterSeq: number, said: Recording): Promise<RunningJob> {
    const ears = this.#ears(said.sink, said.note);
    const job = await executor.attach(ref, afterSeq, ears.sink, ears.note);
    if (job === undefined) throw new Error(`No job '${ref}' was found again.`);
    return this.#keep(job, ears);
  }

  get images(): ImagesUnderTest {
    if (this.place.images === undefined) throw new Error("The place has no images, and no skip says so.");
    return this.place.images;
  }

  /** The part of a request that has the job in this image. */
  inImage(image: string, more: Partial<ContainerRequest> = {}): Partial<JobRequest> {
    return { placement: { ...this.#placement(), container: container(image, more) } };
  }

  /** The part of a request that has these services beside the job. */
  withServices(
    services: { readonly [id: string]: ServiceWish },
    of: Partial<JobRequest> = {},
  ): Partial<JobRequest> {
    const placement = of.placement ?? this.#placement();
    const requests = Object.entries(services).map(([id, { image, ...more }]) => ({
      ...container(image, more),
      id,
      ...more,
    }));
    return { ...of, placement: { ...placement, services: requests } };
  }

  /** The part of a request that names images of steps: one entry a step and stage. */
  withStepImages(...stepImages: readonly string[]): Partial<JobRequest> {
    return { placement: { ...this.#placement(), stepImages } };
  }

  withContexts(contexts: { readonly [name: string]: Json }): Partial<JobRequest> {
    return { contexts: { ...this.place.request("job").contexts, ...contexts } };
  }

  /** Asks again until it is so: for what is seen from outside only by looking. The case's own time is the limit. */
  async eventually(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** The ends that the case saw are safe. */
  async release(): Promise<void> {
    // Of a job that is followed twice both ends come at about the same time.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([...this.#ended].map((job) => job.release?.()));
  }

  /** Ends what a failed case left running. */
  async close(): Promise<void> {
    for (const job of this.#jobs) job.kill();
    await Promise.all(this.#executors.map((executor) => executor.close?.()));
    await this.place.close();
  }

  #placement() {
    return this.place.request("job").placement ?? NO_PLACEMENT;
  }

  #ears(sink: FrameSink, note: NoteSink): Ears {
    const ears: Ears = {
      closed: false,
      sink: (frame) => {
        if (ears.closed) this.toldTooLate.push(`frame ${frame.seq} ${frame.type}`);
        return sink(frame);
      },
      note: (text) => {
        if (ears.closed) this.toldTooLate.push(`note ${text}`);
        note(text);
      },
    };
    return ears;
  }

  #keep(job: RunningJob, ears: Ears): RunningJob {
    this.#jobs.push(job);
    void job.ended.then(() => {
      ears.closed = true;
      this.#ended.add(job);
    });
    return job;
  }
}

/** What listens to one job. */
interface Ears {
  closed: boolean;
  readonly sink: FrameSink;
  readonly note: NoteSink;
}

type ServiceWish = Partial<ContainerRequest> & {
  readonly image: string;
  readonly entrypoint?: string;
  readonly command?: string;
};

function container(image: string, more: Partial<ContainerRequest>): ContainerRequest {
  return { env: {}, ports: [], volumes: [], options: "", ...more, image };
}
