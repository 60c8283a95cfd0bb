import { storedJson } from "../stored-json.ts";
import type { WebhookDeliveryRow, WebhookRow } from "../tables/kept-tables.ts";
import type { DeliveryRecord, WebhookRecord } from "../webhook-store.ts";
import { withoutNulls } from "../without-nulls.ts";

export function webhookOfRow(row: WebhookRow): WebhookRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    url: row.url,
    events: storedJson<WebhookRecord["events"]>(row.events_json),
    secret: row.secret,
    enabled: row.enabled === 1,
    createdAt: row.created_at,
  };
}

export type SelectedDeliveryRow = Omit<WebhookDeliveryRow, "seq"> & { readonly seq: number };

export function deliveryOfRow(row: SelectedDeliveryRow): DeliveryRecord {
  return withoutNulls({
    id: row.id,
    webhookId: row.webhook_id,
    eventId: row.event_id,
    event: row.event,
    payload: storedJson<DeliveryRecord["payload"]>(row.payload_json),
    state: row.state,
    attempts: row.attempts,
    nextAt: row.next_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: row.created_at,
    deliveredAt: row.delivered_at,
  });
}
