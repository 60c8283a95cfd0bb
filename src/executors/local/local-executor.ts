import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { StepFailure } from "../../runner/runner-ports.ts";
import type { Executor, JobNeeds, RunningJob } from "../executor.ts";

export interface LocalExecutorOptions {
  /** `in-process`: the runner runs in this process. `process`: each job gets a runner process of its own. */
  readonly mode: "in-process" | "process";
  /** Labels that mean this machine besides its own (`-P label=local`). */
  readonly labels?: readonly string[];
  /** `process` only: how the runner is started. */
  readonly runner?: {
    readonly nodePath: string;
    readonly args: readonly string[];
    readonly env: { readonly [name: string]: string };
  };
  /** `in-process` only: as in `RunnerPorts`, with the job it happened in. */
  readonly onStepFailed?: (failure: StepFailure, job: JobRequest) => Promise<void>;
}

/** Runs jobs on this machine. Jobs do not outlive their executor's process. */
export class LocalExecutor implements Executor {
  readonly name = "local";
  readonly #options: LocalExecutorOptions;

  constructor(options: LocalExecutorOptions) {
    this.#options = options;
  }

  refuses(_needs: JobNeeds): string | undefined {
    throw new Error(`not built yet: ${this.#options.mode}`);
  }

  async start(_request: JobRequest, _sink: FrameSink): Promise<RunningJob> {
    throw new Error("not built yet");
  }

  async attach(): Promise<undefined> {
    return undefined;
  }
}
