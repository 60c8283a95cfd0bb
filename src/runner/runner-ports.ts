import type { Clock } from "../clock.ts";
import type { FrameSink } from "../protocol/frame-sink.ts";
import type { ActionStore, ActionStoreOptions } from "./actions/action-store.ts";
import type { StepContainers } from "./containers/step-containers.ts";
import type { GitProgram } from "./git/git.ts";
import type { OutputPipes } from "./process/output-pipes.ts";
import type { Spawner } from "./process/spawner.ts";

/** What a runner is given by whoever starts it, besides the request. */
export interface RunnerPorts {
  /** Its back-pressure is awaited. If it throws, the job ends at once and `runJob` rejects with what it threw. */
  readonly sink: FrameSink;
  /**
   * Cancels the job: the running step is interrupted, steps and post steps whose condition still holds run on for
   * at most `cancelTimeoutMs`. The abort reason may be a string for the log.
   */
  readonly signal: AbortSignal;
  /** Ends everything at once: running processes are killed, no further step and no post step runs. */
  readonly kill?: AbortSignal;
  readonly clock: Clock;
  /**
   * What the job's processes are marked with (`github_` and a UUID), given by who wants to end them should this
   * runner die. Absent: the runner makes one up.
   */
  readonly trackingId?: string;
  /** Shared by the jobs of one process; absent: the runner makes its own. */
  readonly pipes?: OutputPipes;
  /** Shared likewise; absent: this process starts all others itself. */
  readonly spawner?: Spawner;
  /** Makes containers for steps; absent where nobody does, and the request does not count on it. */
  readonly containers?: StepContainers;
  /** The git that works for the runner itself; absent: the one on the PATH of steps. */
  readonly git?: GitProgram;
  /** Awaited before the job goes on after a step failed for which no `continue-on-error` holds (`--shell-on-failure`). */
  readonly onStepFailed?: (failure: StepFailure) => Promise<void>;
  /** Absent: the store of `src/runner/actions`. */
  readonly createActionStore?: (options: ActionStoreOptions) => ActionStore;
}

export interface StepFailure {
  /** As in the frames. */
  readonly step: number;
  readonly displayName: string;
  /** The environment the step's process had. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  readonly error?: string;
}
