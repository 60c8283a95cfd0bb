import { ExecError } from "../errors.ts";
import { newId } from "../new-id.ts";
import type { DeliveryRecord, WebhookRecord } from "../store/webhook-store.ts";
import { BuildNotifier } from "./build-notifier.ts";
import { checkWebhookUrl } from "./check-webhook-url.ts";
import { webhookKeyContext } from "./webhook-key-context.ts";
import type { WebhookParts } from "./webhook-parts.ts";
import { pingPayload } from "./webhook-payload.ts";
import { WebhookSender } from "./webhook-sender.ts";

/** Outgoing webhooks of a server: tells others what became of builds, signed, and again until they have it. */
export class Webhooks {
  readonly #parts: WebhookParts;
  readonly #sender: WebhookSender;
  readonly #notifier: BuildNotifier;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#sender = new WebhookSender(parts);
    this.#notifier = new BuildNotifier(parts, () => this.#sender.wake());
  }

  async start(): Promise<void> {
    await this.#notifier.start();
    this.#sender.start();
  }

  /** Resolves when the requests under way have ended. What is not sent yet is kept. */
  async stop(): Promise<void> {
    await this.#notifier.stop();
    await this.#sender.stop();
  }

  /** Throws `InvalidSpec` for an address that would never be called, in words that hold no password. */
  checkUrl(url: string): void {
    checkWebhookUrl(url, { allowPrivate: this.#parts.allowPrivate });
  }

  /** Seals a signing key for `WebhookRecord.secret`. */
  sealKey(webhookId: string, key: string): string {
    return this.#parts.vault.seal(key, webhookKeyContext(webhookId));
  }

  /** Has a `ping` sent to it alone, at once, also where it is disabled. */
  async ping(webhook: WebhookRecord): Promise<DeliveryRecord> {
    const { store, clock } = this.#parts;
    const at = clock.now();
    const event = { eventId: `ping ${newId(at)}`, name: "ping", payload: pingPayload(webhook, at), at };
    const [delivery] = await store.webhooks.addDeliveries(webhook.projectId, event, webhook.id);
    if (delivery === undefined) throw new ExecError("NotFound", `there is no webhook ${webhook.id}`);
    this.#sender.wake();
    return delivery;
  }

  /** Sends a delivery again, at once, with the same id and body, whatever became of it. `NotFound`. */
  async redeliver(deliveryId: string): Promise<DeliveryRecord> {
    const { store, clock } = this.#parts;
    const delivery = await store.webhooks.redeliver(deliveryId, clock.now());
    this.#sender.wake();
    return delivery;
  }
}
