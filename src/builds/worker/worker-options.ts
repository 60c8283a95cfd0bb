import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import type { Store } from "../../store/store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { ClaimedRun } from "../orchestrator/claimed-run.ts";

export interface WorkerOptions {
  /** Unique among all workers that ever were: host, process and start, say. */
  readonly owner: string;
  readonly store: Pick<Store, "builds">;
  readonly queue: QueueClient;
  readonly events: EventBus;
  readonly startBuild: (claim: ClaimedBuild) => ClaimedRun;
  /** A build that this worker ran has ended. Absent: nothing is to be done then. */
  readonly onBuildEnded?: (buildId: string) => void;
  /** Builds this worker runs at once, at least 1. */
  readonly maxBuilds: number;
  /** Builds that may run at once on all workers together, and of one project that names no number of its own. */
  readonly limits: { readonly maxBuilds: number; readonly maxBuildsPerProject: number };
  /** After so long without a heartbeat others may take a build over. Absent: 30 s. */
  readonly leaseMs?: number;
  /** A build that so many workers were lost with takes them down with it, and fails. Absent: 20. */
  readonly maxLosses?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
