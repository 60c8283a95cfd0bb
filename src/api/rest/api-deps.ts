import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { BlobStore } from "../../blobs/blob-store.ts";
import type { ExecutorService } from "../../builds/service/executor-service.ts";
import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { Permission } from "../../identity/permission.ts";
import type { Principal } from "../../identity/principal.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { PipelineService } from "../../pipelines/pipeline-service.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { Repositories } from "../../repositories/repositories.ts";
import type { Store } from "../../store/store.ts";
import type { DeliveryRecord, WebhookRecord } from "../../store/webhook-store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

/** What the API calls. Each part as narrow as its use here. */
export interface ApiDeps {
  readonly store: Pick<Store, "projects" | "builds" | "artifacts" | "requests" | "schedules" | "webhooks">;
  readonly executor: ExecutorService;
  readonly pipelines: PipelineService;
  readonly repositories: Pick<Repositories, "defaultBranch" | "remove">;
  readonly authenticator: ApiAuthenticator;
  readonly tokens: ApiTokens;
  readonly logins: Logins;
  readonly vault: ApiVault;
  readonly queue: Pick<QueueClient, "name" | "stats" | "deadLetters" | "requeue">;
  readonly events: Pick<EventBus, "subscribe" | "onGap">;
  /** Sizes of logs that still grow; absent: the records' own. */
  readonly logs?: Pick<LogSink, "stat">;
  readonly blobs: Pick<BlobStore, "get" | "delete">;
  readonly blobUrls: DownloadUrls;
  readonly webhooks: WebhookActions;
  /** Requests that are not this API's and share its port: git, the services of jobs, signed blobs. */
  readonly mounts: readonly Mount[];
  /** Parts that must answer before the server takes traffic; named in `/readyz`. */
  readonly readiness: readonly ReadinessPart[];
  readonly metricsPage: MetricsPage;
  /** A copy of the records as they are now; absent: their engine has tools of its own for that. */
  readonly copyRecords?: () => Promise<{ readonly sizeBytes: number; readonly body: Readable }>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: ApiSettings;
}

export interface ApiSettings {
  readonly version: string;
  /** Where people and jobs reach the server: `https://ci.example.org`. */
  readonly publicUrl: string;
  /** Of a request; 1 MiB where absent. */
  readonly maxBodyBytes?: number;
  /** How long a body may take to come; 15 s where absent. */
  readonly bodyTimeoutMs?: number;
  /** Between two looks at whether a watcher may still watch; 3 s where absent. */
  readonly recheckMs?: number;
  /** Between two signs of life on what is followed; 20 s where absent. */
  readonly heartbeatMs?: number;
  /** What answers under way have when the server stops; 5 s where absent. */
  readonly closeLimitMs?: number;
  /** Tests: an answer that its route did not declare is a failure. */
  readonly checkAnswers?: boolean;
}

export interface ApiAuthenticator {
  /** Rejects with `Unauthorized` for none, an unknown, revoked or expired one. */
  authenticate(bearer: string | undefined): Promise<Principal>;
}

export interface ApiTokens {
  /** `token` is shown this once. */
  create(request: NewApiToken): Promise<{ readonly token: string; readonly info: ApiTokenInfo }>;
  list(): Promise<readonly ApiTokenInfo[]>;
  /** False: there is none. */
  revoke(id: string): Promise<boolean>;
}

export interface NewApiToken {
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly projectId?: string;
  readonly expiresAt?: number;
}

export interface ApiTokenInfo extends NewApiToken {
  readonly id: string;
  readonly createdAt: number;
  readonly lastUsedAt?: number;
}

export interface Logins {
  /** A one-time code that begins a session with the rights of this token. */
  createCode(tokenId: string): Promise<{ readonly code: string; readonly expiresAt: number }>;
  /** Spends a one-time code; undefined: unknown, spent or too old. `bearer` is what the session's cookie carries. */
  redeem(code: string): Promise<{ readonly bearer: string; readonly expiresAt: number } | undefined>;
}

export interface ApiVault {
  put(projectId: string, name: string, value: string, environment?: string): Promise<void>;
  list(projectId: string): Promise<readonly SecretName[]>;
  /** False: there is none. */
  delete(projectId: string, name: string, environment?: string): Promise<boolean>;
  /** Encrypts for the records; `context` must be the same to open it. */
  seal(text: string, context: string): string;
  open(sealed: string, context: string): string;
}

export interface SecretName {
  readonly name: string;
  /** Absent: it is the project's, for every job. */
  readonly environment?: string;
  readonly updatedAt: number;
}

export interface DownloadUrls {
  /** An address, absolute or from the root, that needs no token. Undefined: there is none; stream it. */
  download(
    key: string,
    options: { readonly fileName: string; readonly contentType: string; readonly lifetimeMs: number },
  ): Promise<string | undefined>;
}

export interface WebhookActions {
  /** Throws `InvalidSpec` for an address that this server would never call. */
  checkUrl(url: string): void;
  /** Seals the signing key for the records. */
  sealKey(webhookId: string, key: string): string;
  /** Has a `ping` event sent to it alone. */
  ping(webhook: WebhookRecord): Promise<DeliveryRecord>;
  /** Has a delivery sent again, whatever became of it. */
  redeliver(deliveryId: string): Promise<DeliveryRecord>;
}

export interface Mount {
  /** First segment of the path: `/git`, `/twirp`. */
  readonly prefix: string;
  /** False: it is nothing of this handler's; nothing was written. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

export interface ReadinessPart {
  readonly name: string;
  /** Rejects where the part does not answer. */
  check(): Promise<unknown>;
}

export interface MetricsPage {
  /** False: a token with `project:read` for the whole server is asked for. */
  readonly public: boolean;
  read(): Promise<{ readonly contentType: string; readonly body: string }>;
}
