/**
 * Work whose result must be newer than the request for it: requests share a run that has not begun to look yet, and
 * those that come later share the next one. So any number at once costs at most two.
 */
export class SharedWork<T> {
  readonly #work: (looking: () => void) => Promise<T>;
  #running: Promise<T> | undefined;
  #next: Promise<T> | undefined;
  #open = false;

  /** `work` calls `looking` just before it looks; who asks after that gets another run. */
  constructor(work: (looking: () => void) => Promise<T>) {
    this.#work = work;
  }

  ask(): Promise<T> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#start();
    if (this.#open) return this.#running;
    this.#next = this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    this.#open = true;
    const running = this.#work(() => {
      this.#open = false;
    }).finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
