/** How long jobs took. A group takes from the start of the first of its jobs to its own end. */
export class JobTimes {
  readonly #monotonic: () => number;
  readonly #started = new Map<string, number>();
  readonly #around = new Map<string, string>();

  /** `monotonic`: milliseconds on a clock that only goes forward. */
  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** `around`: the key of the group a job stands in. */
  add(job: string, around: string | undefined): void {
    if (around !== undefined) this.#around.set(job, around);
  }

  start(job: string): void {
    const now = this.#monotonic();
    let key: string | undefined = job;
    while (key !== undefined && !this.#started.has(key)) {
      this.#started.set(key, now);
      key = this.#around.get(key);
    }
  }

  /** In milliseconds, to the microsecond; 0 for what never started. */
  sinceStart(job: string): number {
    const started = this.#started.get(job);
    return started === undefined ? 0 : Math.round((this.#monotonic() - started) * 1000) / 1000;
  }
}
