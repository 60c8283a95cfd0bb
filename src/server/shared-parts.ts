import type { PlatformServices } from "../artifacts/platform-services.ts";
import type { StoredMailbox } from "../builds/runners/stored-mailbox.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/settings.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { MasterKey } from "../identity/master-key.ts";
import type { SecretVault } from "../identity/secret-vault.ts";
import type { StoredJobTokens } from "../identity/stored-job-tokens.ts";
import type { RowLogSink } from "../logs/row-log-sink.ts";
import type { QueueClient } from "../queue/queue-client.ts";
import type { Repositories } from "../repositories/repositories.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { PromMetrics } from "../telemetry/prom-metrics.ts";
import type { Tracer } from "../telemetry/tracer.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { Closers } from "./closers.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Blobs } from "./engines.ts";
import type { ServerHost } from "./running-server.ts";

/** What every role of a server is built from. */
export interface SharedParts {
  readonly config: Config;
  readonly host: ServerHost;
  readonly folder: DataFolder;
  readonly version: string;
  /** How people and jobs reach the API, without a slash at the end. */
  readonly publicUrl: string;
  readonly listenPort: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: PromMetrics;
  readonly tracer: Tracer;
  readonly closers: Closers;
  readonly store: Store;
  readonly queue: QueueClient;
  readonly events: EventBus;
  readonly blobs: Blobs;
  readonly masterKey: MasterKey;
  readonly vault: SecretVault;
  readonly jobTokens: StoredJobTokens;
  /** Of runners that push. */
  readonly mailbox: StoredMailbox;
  readonly logs: RowLogSink;
  readonly repositories: Repositories;
  readonly services: PlatformServices;
  readonly webhooks: Webhooks;
}
