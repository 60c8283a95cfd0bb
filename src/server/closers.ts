import type { Logger } from "../telemetry/logger.ts";

/** What is to be closed when a server stops: the last that was opened first. */
export class Closers {
  readonly #logger: Logger;
  readonly #open: { readonly name: string; readonly close: () => unknown }[] = [];
  #closing: Promise<void> | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(name: string, close: () => unknown): void {
    this.#open.push({ name, close });
  }

  /** One after the other; what fails is logged and holds up no other. Called again, it gives the first call's promise. */
  closeAll(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      try {
        await next.close();
      } catch (error) {
        this.#logger.error({ err: error, part: next.name }, "a part could not be closed");
      }
    }
  }
}
