/** A claimed build that is being run. */
export interface ClaimedRun {
  /** Somebody wants it cancelled: jobs with `always()` still run. Idempotent. */
  cancel(reason: string): void;
  /** The lease is lost, or this process stops: local jobs are ended and nothing more is written. Resolves when that is so. */
  abandon(): Promise<void>;
  /**
   * To be called once, at once: `listener` hears when all that is left of it for now waits for a reviewer or a concurrency
   * group, which may take days, and when that is over. It then needs none of the worker's places.
   */
  onIdle?(listener: (idle: boolean) => void): void;
  /** Never rejects. `finished`: the build's end is in the records. `abandoned`: somebody else has it, or will. */
  readonly ended: Promise<"finished" | "abandoned">;
}
