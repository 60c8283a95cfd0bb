/**
 * Whether a build is idle: nothing of it runs or is about to, and something of it waits for what may take days, a reviewer
 * or a concurrency group. Tells of each change.
 */
export class Idleness {
  readonly #live: ReadonlyMap<string, { readonly inReview: boolean }>;
  /** Holders that wait for their concurrency group. */
  readonly #inGroups = new Set<string>();
  /** Called workflows that are being read. */
  #reading = 0;
  #isIdle = false;
  #ended = false;
  #tell: (idle: boolean) => void = () => {};

  /** `live`: the jobs of the build that have begun and not ended, as they are whenever it looks. */
  constructor(live: ReadonlyMap<string, { readonly inReview: boolean }>) {
    this.#live = live;
  }

  onChange(tell: (idle: boolean) => void): void {
    this.#tell = tell;
  }

  waitsInGroup(holder: string): void {
    this.#inGroups.add(holder);
    this.look();
  }

  leftGroup(holder: string): void {
    if (this.#inGroups.delete(holder)) this.look();
  }

  async whileReading<T>(read: () => Promise<T>): Promise<T> {
    this.#reading += 1;
    try {
      return await read();
    } finally {
      this.#reading -= 1;
    }
  }

  /** The end is near: it changes no more. */
  end(): void {
    this.#ended = true;
  }

  look(): void {
    const waits = this.#inGroups.size > 0 || this.#live.size > 0;
    const idle = waits && this.#reading === 0 && [...this.#live.values()].every(({ inReview }) => inReview);
    if (idle === this.#isIdle || this.#ended) return;
    this.#isIdle = idle;
    this.#tell(idle);
  }
}
