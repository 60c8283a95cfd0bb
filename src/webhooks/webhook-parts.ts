import type { Clock } from "../clock.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { BuildStore } from "../store/build-store.ts";
import type { ProjectStore } from "../store/project-store.ts";
import type { WebhookStore } from "../store/webhook-store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { DeliveryBackoff } from "./delivery-backoff.ts";

/** What outgoing webhooks work with. */
export interface WebhookParts {
  readonly store: {
    readonly builds: Pick<BuildStore, "get" | "list">;
    readonly projects: Pick<ProjectStore, "getProject" | "getPipeline">;
    readonly webhooks: WebhookStore;
  };
  readonly events: Pick<EventBus, "subscribe" | "onGap">;
  /** Keeps signing keys: `SecretVault`. */
  readonly vault: KeyVault;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  /** Where people reach the server, without a slash at the end: payloads link there. */
  readonly publicUrl: string;
  /** May webhooks call addresses of this machine and of private networks? */
  readonly allowPrivate: boolean;
  /** Of one request; 10 s where absent. */
  readonly timeoutMs?: number;
  readonly backoff?: DeliveryBackoff;
  /** Requests of this process at once; 32 where absent. */
  readonly maxAtOnce?: number;
  /** Between two looks for deliveries that are due; 2 s where absent. */
  readonly pollMs?: number;
}

export interface KeyVault {
  seal(text: string, context: string): string;
  /** Throws where it was sealed for something else, or with another key. */
  open(sealed: string, context: string): string;
}
