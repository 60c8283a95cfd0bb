import { z } from "zod";
import type { DeliveryRecord, WebhookRecord } from "../../../store/webhook-store.ts";
import { isoTime, named, time } from "./schema.ts";

export const WEBHOOK_EVENTS = [
  "build.queued",
  "build.running",
  "build.success",
  "build.failure",
  "build.cancelled",
  "*",
] as const;

export const webhookSchema = named(
  "Webhook",
  z.object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    enabled: z.boolean(),
    createdAt: time,
  }),
);

export const deliverySchema = named(
  "Delivery",
  z.object({
    id: z.string(),
    webhookId: z.string(),
    eventId: z.string(),
    event: z.string(),
    payload: z.record(z.string(), z.unknown()),
    state: z.enum(["waiting", "delivered", "failed"]),
    attempts: z.int(),
    nextAt: time.optional(),
    lastStatus: z.int().optional(),
    lastError: z.string().optional(),
    createdAt: time,
    deliveredAt: time.optional(),
  }),
);

export function webhookView(webhook: WebhookRecord): z.output<typeof webhookSchema> {
  const { id, url, events, enabled, createdAt } = webhook;
  return { id, url, events: [...events], enabled, createdAt: isoTime(createdAt) };
}

export function deliveryView(delivery: DeliveryRecord): z.output<typeof deliverySchema> {
  const { nextAt, lastStatus, lastError, createdAt, deliveredAt, payload, ...rest } = delivery;
  return {
    id: rest.id,
    webhookId: rest.webhookId,
    eventId: rest.eventId,
    event: rest.event,
    payload: { ...payload },
    state: rest.state,
    attempts: rest.attempts,
    ...(nextAt !== undefined && { nextAt: isoTime(nextAt) }),
    ...(lastStatus !== undefined && { lastStatus }),
    ...(lastError !== undefined && { lastError }),
    createdAt: isoTime(createdAt),
    ...(deliveredAt !== undefined && { deliveredAt: isoTime(deliveredAt) }),
  };
}
