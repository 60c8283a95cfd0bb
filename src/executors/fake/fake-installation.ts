import type { KeptJob } from "./kept-job.ts";

/**
 * What fake executors of several workers share, as workers share a daemon or a cluster: the jobs that outlive them, and the
 * ways in which a test breaks what they stand on.
 */
export class FakeInstallation {
  /** By ref. A job that ended stays until it is removed, swept or forgotten. */
  readonly jobs = new Map<string, KeptJob>();
  #turn: PromiseWithResolvers<void> | undefined;
  #reach: PromiseWithResolvers<void> | undefined;

  /** Jobs that are started from now on wait for their place. Gives what lets them go. */
  holdPlaces(): () => void {
    const turn = Promise.withResolvers<void>();
    this.#turn = turn;
    return () => {
      turn.resolve();
      if (this.#turn === turn) this.#turn = undefined;
    };
  }

  /** Nobody reaches the jobs, and they reach nobody; they go on. Gives what brings them back. */
  cutOff(): () => void {
    const reach = Promise.withResolvers<void>();
    this.#reach = reach;
    return () => {
      this.#reach = undefined;
      reach.resolve();
    };
  }

  /** Undefined: a place is to be had at once. */
  get turn(): Promise<void> | undefined {
    return this.#turn?.promise;
  }

  /** Undefined: nothing is cut off. */
  get reachable(): Promise<void> | undefined {
    return this.#reach?.promise;
  }
}
