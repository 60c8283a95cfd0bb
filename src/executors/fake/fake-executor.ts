import type { Executor, JobNeeds, RunningJob } from "../executor.ts";

/** Runs nothing: what a job does is read from its steps, so that a test scripts it in the workflow itself. */
export class FakeExecutor implements Executor {
  readonly name = "fake";

  refuses(_needs: JobNeeds): string | undefined {
    return undefined;
  }

  async start(): Promise<RunningJob> {
    throw new Error("not built yet");
  }

  async attach(): Promise<undefined> {
    return undefined;
  }
}
