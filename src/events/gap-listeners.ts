import type { Logger } from "../telemetry/logger.ts";
import type { Subscription } from "./event-bus.ts";

/** Who wants to know that events may have been lost. */
export class GapListeners {
  readonly #listeners = new Set<() => void>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(listener: () => void): Subscription {
    const own = () => listener();
    this.#listeners.add(own);
    return { unsubscribe: () => this.#listeners.delete(own) };
  }

  tell(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#logger.error({ error }, "a listener of gaps failed");
      }
    }
  }
}
