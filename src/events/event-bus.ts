import type { PlatformEvent } from "./platform-event.ts";

/**
 * Live events between the parts of a server and between servers. At most once and only to who listens now: a lost
 * event must do no more harm than a little delay.
 */
export interface EventBus {
  readonly name: "memory" | "rabbitmq";

  /** Never rejects and never blocks: what cannot be delivered now is dropped. */
  publish(event: PlatformEvent): void;

  /**
   * Calls `listener` for each event of these types, about this build or project where one is named, in the order one
   * publisher published them. A listener that throws is logged and goes on being called. Resolves once it is listening.
   */
  subscribe(filter: EventFilter, listener: (event: PlatformEvent) => void): Promise<Subscription>;

  /** Called whenever events may have been lost (the connection was cut): look at the records again. */
  onGap(listener: () => void): Subscription;

  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface EventFilter {
  /** Absent: all. */
  readonly types?: readonly PlatformEvent["type"][];
  readonly buildId?: string;
  readonly projectId?: string;
}

export interface Subscription {
  /** Idempotent. No call of the listener after it. */
  unsubscribe(): void;
}
