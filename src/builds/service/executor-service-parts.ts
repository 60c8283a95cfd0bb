import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";

export interface ExecutorServiceParts {
  readonly store: Pick<Store, "builds" | "approvals">;
  readonly queue: QueueClient;
  readonly events: EventBus;
  readonly logs: Pick<LogSink, "stream">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a request waits for the queue to take its message; then the sweeper publishes it. Absent: 5 s. */
  readonly publishLimitMs?: number;
  /** Watchers look at the records at least this often, whatever the events say. Absent: 5 s. */
  readonly lookMs?: number;
}
