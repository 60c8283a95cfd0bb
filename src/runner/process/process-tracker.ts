/**
 * Knows what the steps of one job started, so that nothing of it outlives the job.
 *
 * Put `env` into the environment of every step: descendants inherit it, whatever they do with groups and sessions.
 */
export interface ProcessTracker {
  /** `RUNNER_TRACKING_ID`, GitHub's name for the same thing. */
  readonly env: { readonly RUNNER_TRACKING_ID: string };
  started(pid: number): void;
  ended(pid: number): void;
  /** Kills (SIGKILL) all that is left, again and again until nothing is; says what it killed. Call it last. */
  killLeftovers(): Promise<readonly LeftoverProcess[]>;
}

export interface LeftoverProcess {
  readonly pid: number;
  readonly name: string;
}

/** `trackingId`: `github_` and a UUID, unique to the job. */
export function createProcessTracker(_trackingId: string): ProcessTracker {
  throw new Error("not built yet");
}

/** Kills every process of this user that carries the tracking id, for a caller that did not start them itself. */
export function killLeftovers(_trackingId: string): Promise<readonly LeftoverProcess[]> {
  throw new Error("not built yet");
}
