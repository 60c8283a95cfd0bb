import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { EventBus, EventFilter, Subscription } from "./event-bus.ts";
import { EventListeners } from "./event-listeners.ts";
import type { PlatformEvent } from "./platform-event.ts";

/** The event bus of a server of one process: nothing is ever lost. */
export class MemoryEventBus implements EventBus {
  readonly name = "memory";
  readonly #listeners: EventListeners;
  #closed = false;

  constructor({ logger }: { readonly logger: Logger }) {
    this.#listeners = new EventListeners(logger);
  }

  publish(event: PlatformEvent): void {
    if (!this.#closed) this.#listeners.dispatch(event);
  }

  async subscribe(filter: EventFilter, listener: (event: PlatformEvent) => void): Promise<Subscription> {
    await this.ping();
    return this.#listeners.add(filter, listener);
  }

  onGap(): Subscription {
    return { unsubscribe() {} };
  }

  async ping(): Promise<void> {
    if (this.#closed) throw new ExecError("Transient", "The event bus is closed.");
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}
