import { ExecError } from "../errors.ts";
import type { DeliveryAttempt, DeliveryRecord, WebhookRecord } from "../store/webhook-store.ts";
import { checkWebhookUrl } from "./check-webhook-url.ts";
import { DEFAULT_BACKOFF, nextAttemptAt } from "./delivery-backoff.ts";
import { type PostAnswer, postJson } from "./post-json.ts";
import { signPayload } from "./sign-payload.ts";
import { webhookKeyContext } from "./webhook-key-context.ts";
import type { WebhookParts } from "./webhook-parts.ts";

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_AT_ONCE = 32;
const DEFAULT_POLL_MS = 2_000;
/** Beyond the time of a request, for what is around it: another server must not take the delivery before that. */
const LEASE_MARGIN_MS = 30_000;
const MAX_SHOWN = 500;
const GONE = 410;

type Outcome =
  | { readonly kind: "answer"; readonly answer: PostAnswer }
  | { readonly kind: "error"; readonly error: string; readonly isFinal: boolean };

/**
 * Sends deliveries that are due. Of any number of servers one takes each; where it goes away in the middle, another
 * sends it again, so a receiver may see a delivery (its id) twice.
 */
export class WebhookSender {
  readonly #parts: WebhookParts;
  readonly #running = new Set<Promise<void>>();
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #cancelTimer: () => void = () => {};
  #isRunning = false;

  constructor(parts: WebhookParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#isRunning = true;
    this.wake();
  }

  /** Takes no more; resolves when the requests under way have ended. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelTimer();
    await this.#looking;
    await Promise.all(this.#running);
  }

  /** Something may be due: looks at once. */
  wake(): void {
    if (!this.#isRunning) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#cancelTimer();
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      if (!this.#isRunning) return;
      if (this.#lookAgain) {
        this.#lookAgain = false;
        this.wake();
        return;
      }
      this.#cancelTimer = this.#parts.clock.after(this.#parts.pollMs ?? DEFAULT_POLL_MS, () => this.wake());
    });
  }

  async #look(): Promise<void> {
    const { store, clock, logger, timeoutMs = DEFAULT_TIMEOUT_MS, maxAtOnce = DEFAULT_AT_ONCE } = this.#parts;
    const free = maxAtOnce - this.#running.size;
    if (free <= 0) return;
    try {
      const due = await store.webhooks.takeDue(clock.now(), timeoutMs + LEASE_MARGIN_MS, free);
      for (const delivery of due) this.#run(delivery);
    } catch (error) {
      logger.warn({ error }, "webhooks that are due could not be looked up");
    }
  }

  #run(delivery: DeliveryRecord): void {
    const { logger } = this.#parts;
    const running = this.#send(delivery)
      .catch((error: unknown) => {
        // It is taken again when the lease is over.
        logger.warn({ deliveryId: delivery.id, error }, "a webhook could not be sent or recorded");
      })
      .finally(() => {
        this.#running.delete(running);
        this.wake();
      });
    this.#running.add(running);
  }

  async #send(delivery: DeliveryRecord): Promise<void> {
    const { store, clock, metrics, logger } = this.#parts;
    let webhook: WebhookRecord;
    try {
      webhook = await store.webhooks.getWebhook(delivery.webhookId);
    } catch (error) {
      // Deleted meanwhile, and its deliveries with it.
      if (error instanceof ExecError && error.code === "NotFound") return;
      throw error;
    }
    const outcome = await this.#attempt(webhook, delivery);
    const attempt = this.#judge(delivery, outcome, clock.now());
    metrics.count("slipway_webhook_deliveries_total", { state: attempt.state });
    if (attempt.state === "failed") {
      const { status, error } = attempt;
      logger.warn(
        { deliveryId: delivery.id, webhookId: webhook.id, status, error },
        "a webhook was given up",
      );
    }
    await store.webhooks.recordAttempt(delivery.id, attempt);
  }

  async #attempt(webhook: WebhookRecord, delivery: DeliveryRecord): Promise<Outcome> {
    const { vault, clock, allowPrivate, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#parts;
    // A ping is asked for by hand, to try one that is not enabled yet.
    if (!webhook.enabled && delivery.event !== "ping") {
      return { kind: "error", error: "The webhook is disabled.", isFinal: true };
    }
    try {
      const url = checkWebhookUrl(webhook.url, { allowPrivate });
      const body = JSON.stringify(delivery.payload);
      const key = vault.open(webhook.secret, webhookKeyContext(webhook.id));
      const headers = {
        "user-agent": "Slipway-Webhook",
        "x-slipway-event": delivery.event,
        "x-slipway-delivery": delivery.id,
        "x-slipway-webhook": webhook.id,
        "x-slipway-attempt": `${delivery.attempts + 1}`,
        "x-slipway-signature-256": signPayload(body, key),
      };
      return {
        kind: "answer",
        answer: await postJson({ url, headers, body, timeoutMs, allowPrivate }, clock),
      };
    } catch (error) {
      const isFinal = !(error instanceof ExecError && error.retryable);
      return { kind: "error", error: error instanceof Error ? error.message : String(error), isFinal };
    }
  }

  #judge({ attempts }: DeliveryRecord, outcome: Outcome, at: number): DeliveryAttempt {
    const { backoff = DEFAULT_BACKOFF, random } = this.#parts;
    const attempt = attempts + 1;
    if (outcome.kind === "error") {
      const { error, isFinal } = outcome;
      const nextAt = isFinal ? undefined : nextAttemptAt(backoff, { attempt, now: at, random });
      return { at, error, ...ahead(nextAt) };
    }
    const { status, retryAfter, text } = outcome.answer;
    if (status >= 200 && status < 300) return { at, status, state: "delivered" };
    const isFinal = status === GONE;
    const nextAt = isFinal ? undefined : nextAttemptAt(backoff, { attempt, now: at, retryAfter, random });
    return { at, status, error: describe(status, text), ...ahead(nextAt) };
  }
}

function ahead(nextAt: number | undefined): Pick<DeliveryAttempt, "state" | "nextAt"> {
  return nextAt === undefined ? { state: "failed" } : { state: "waiting", nextAt };
}

function describe(status: number, text: string): string {
  const isRedirect = status >= 300 && status < 400;
  const answer = `The receiver answered ${status}${isRedirect ? ", and redirects are not followed" : ""}.`;
  const shown = text
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, MAX_SHOWN);
  return shown === "" ? answer : `${answer} ${shown}`;
}
