import type { FrameSink } from "../protocol/frame-sink.ts";
import type { JobRequest } from "../protocol/job-request.ts";
import type { Executor, JobNeeds, NoteSink, RunningJob } from "./executor.ts";

export interface LazyExecutorOptions extends Pick<Executor, "name" | "sharesFolders"> {
  readonly refuses: (needs: JobNeeds) => string | undefined;
  /** Asked with the first job; again with the next where it rejects. */
  readonly open: () => Promise<Executor>;
}

/** An executor that is only loaded when it gets a job. Its jobs do not outlive it. */
export class LazyExecutor implements Executor {
  readonly name: Executor["name"];
  readonly sharesFolders: boolean;
  readonly #options: LazyExecutorOptions;
  #opened: Promise<Executor> | undefined;

  constructor(options: LazyExecutorOptions) {
    this.name = options.name;
    this.sharesFolders = options.sharesFolders === true;
    this.#options = options;
  }

  refuses(needs: JobNeeds): string | undefined {
    return this.#options.refuses(needs);
  }

  async start(request: JobRequest, sink: FrameSink, note?: NoteSink): Promise<RunningJob> {
    this.#opened ??= this.#options.open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return await (await this.#opened).start(request, sink, note);
  }

  async attach(): Promise<undefined> {
    return undefined;
  }

  async close(): Promise<void> {
    await (await this.#opened?.catch(() => undefined))?.close?.();
  }
}
