import type { Executor, JobEnd, RunningJob } from "../src/executors/executor.ts";
import type { FrameBody } from "../src/protocol/frame.ts";
import type { FrameSink } from "../src/protocol/frame-sink.ts";
import type { JobRequest } from "../src/protocol/job-request.ts";

/** Its jobs have one step, which prints what it is told to and ends when it is told to. */
export class PrintingExecutor implements Executor {
  readonly name = "fake";
  #sink: FrameSink | undefined;
  #seq = 0;
  readonly #end = Promise.withResolvers<JobEnd>();

  refuses(): undefined {
    return undefined;
  }

  async start({ buildId }: JobRequest, sink: FrameSink): Promise<RunningJob> {
    this.#sink = sink;
    const action = { name: "print", stage: "main", action: "run", background: false } as const;
    await this.#send({ type: "job.started", workspace: "/w" });
    await this.#send({ type: "step.added", step: 1, ...action });
    await this.#send({ type: "step.started", step: 1, name: "print" });
    return { ref: buildId, ended: this.#end.promise, cancel: () => {}, kill: () => {} };
  }

  async attach(): Promise<undefined> {
    return undefined;
  }

  async print(text: string): Promise<void> {
    await this.#send({ type: "log", step: 1, data: Buffer.from(text) });
  }

  async end(): Promise<void> {
    const done = { outcome: "success", conclusion: "success" } as const;
    await this.#send({ type: "step.finished", step: 1, ...done, outputs: {}, durationMs: 1 });
    const final = { type: "job.finished", result: "success", outputs: {}, durationMs: 1 } as const;
    await this.#send(final);
    this.#end.resolve({ kind: "reported", final });
  }

  async #send(body: FrameBody): Promise<void> {
    this.#seq += 1;
    await this.#sink?.({ seq: this.#seq, at: Date.now(), ...body });
  }
}
