import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

export interface SweeperOptions {
  readonly store: Pick<Store, "builds" | "groups" | "approvals">;
  readonly queue: QueueClient;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Absent: 15 s. */
  readonly intervalMs?: number;
  /** A message this old that nobody took may be lost. Absent: 60 s. */
  readonly staleMs?: number;
  /** Messages that one sweep publishes at most. Absent: 100. */
  readonly batch?: number;
}
