/** Lets one at a time through, in the order they came. */
export class Turns {
  #taken = false;
  readonly #waiting: (() => void)[] = [];

  /** True: somebody is through, and others wait. */
  get taken(): boolean {
    return this.#taken;
  }

  /** Undefined: it is your turn now. */
  take(): Promise<void> | undefined {
    if (!this.#taken) {
      this.#taken = true;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
