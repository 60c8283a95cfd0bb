import type { JsonObject } from "../json.ts";
import type { Page, PageRequest } from "./page.ts";

export interface WebhookStore {
  putWebhook(webhook: WebhookRecord): Promise<void>;
  getWebhook(id: string): Promise<WebhookRecord>;
  listWebhooks(projectId: string): Promise<readonly WebhookRecord[]>;
  deleteWebhook(id: string): Promise<boolean>;

  /**
   * One for each enabled webhook of the project that listens to the event and is not younger than it (`at`); the same
   * `eventId` again adds none. `webhookId`: for that one alone, whatever it listens to.
   */
  addDeliveries(
    projectId: string,
    event: WebhookEvent,
    webhookId?: string,
  ): Promise<readonly DeliveryRecord[]>;
  /** Takes those that are due for this worker alone, for `leaseMs`. */
  takeDue(now: number, leaseMs: number, limit: number): Promise<readonly DeliveryRecord[]>;
  /** Counts one more attempt. */
  recordAttempt(id: string, attempt: DeliveryAttempt): Promise<void>;
  /** Once more from the beginning: `waiting`, due at this time, no attempt counted. The same id and payload. */
  redeliver(id: string, at: number): Promise<DeliveryRecord>;
  listDeliveries(webhookId: string, page: PageRequest): Promise<Page<DeliveryRecord>>;
  getDelivery(id: string): Promise<DeliveryRecord>;
  /** Deliveries that came before this time and wait no more, the oldest first. Gives how many; 0: there are none left. */
  removeDeliveries(before: number): Promise<number>;
}

export interface WebhookRecord {
  readonly id: string;
  readonly projectId: string;
  readonly url: string;
  /** Names of events; `*` for all. */
  readonly events: readonly string[];
  /** The sealed signing key. */
  readonly secret: string;
  readonly enabled: boolean;
  readonly createdAt: number;
}

export interface WebhookEvent {
  readonly eventId: string;
  /** `build.success`, `build.failure`, `build.queued`, `build.running`, `build.cancelled`. */
  readonly name: string;
  readonly payload: JsonObject;
  readonly at: number;
}

export interface DeliveryRecord {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly event: string;
  readonly payload: JsonObject;
  readonly state: "waiting" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt?: number;
  readonly lastStatus?: number;
  readonly lastError?: string;
  readonly createdAt: number;
  readonly deliveredAt?: number;
}

export interface DeliveryAttempt {
  readonly at: number;
  readonly status?: number;
  readonly error?: string;
  readonly state: DeliveryRecord["state"];
  readonly nextAt?: number;
}
