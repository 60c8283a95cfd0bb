import { sql } from "kysely";
import { prepared } from "../engine/prepared.ts";
import type { DeliveryAttempt } from "../webhook-store.ts";
import type { SelectedDeliveryRow } from "./webhook-of-row.ts";

/** Statements about deliveries. */

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly event: string;
  readonly payload: string;
  readonly at: number;
}

export const ADD = prepared<NewDelivery, SelectedDeliveryRow>((db, param) =>
  db
    .insertInto("webhook_deliveries")
    .values({
      id: param("id"),
      webhook_id: param("webhookId"),
      event_id: param("eventId"),
      event: param("event"),
      payload_json: param("payload"),
      state: "waiting",
      attempts: 0,
      next_at: param("at"),
      created_at: param("at"),
    })
    .onConflict((conflict) => conflict.columns(["webhook_id", "event_id"]).doNothing())
    .returningAll(),
);

/** Due and in no worker's hands, the longest due first. */
export const TAKE_DUE = prepared<{ now: number; until: number; limit: number }, SelectedDeliveryRow>(
  (db, param) =>
    db
      .updateTable("webhook_deliveries")
      .set({ leased_until: param("until") })
      .where("seq", "in", (eb) =>
        eb
          .selectFrom("webhook_deliveries")
          .select("seq")
          .where(sql<boolean>`state = 'waiting'`)
          .where("next_at", "<=", param("now"))
          .where(sql<boolean>`(leased_until is null or leased_until <= ${param("now")})`)
          .orderBy("next_at")
          .orderBy("seq")
          .limit(param("limit")),
      )
      .returningAll(),
);

export const RECORD_ATTEMPT = prepared<DeliveryAttempt & { id: string }, unknown>((db, param) =>
  db
    .updateTable("webhook_deliveries")
    .set({
      attempts: sql`attempts + 1`,
      state: param("state"),
      next_at: param(({ nextAt }) => nextAt ?? null),
      leased_until: null,
      last_status: param(({ status }) => status ?? null),
      last_error: param(({ error }) => error ?? null),
      delivered_at: param(({ state, at }) => (state === "delivered" ? at : null)),
    })
    .where("id", "=", param("id")),
);

export const REDELIVER = prepared<{ id: string; at: number }, SelectedDeliveryRow>((db, param) =>
  db
    .updateTable("webhook_deliveries")
    .set({
      state: "waiting",
      attempts: 0,
      next_at: param("at"),
      leased_until: null,
      last_status: null,
      last_error: null,
      delivered_at: null,
    })
    .where("id", "=", param("id"))
    .returningAll(),
);

export const BY_ID = prepared<{ id: string }, SelectedDeliveryRow>((db, param) =>
  db.selectFrom("webhook_deliveries").selectAll().where("id", "=", param("id")),
);

/** Looks at the oldest ones alone: their numbers grow with time. */
export const REMOVE_OLD = prepared<{ before: number }, unknown>((db, param) =>
  db
    .deleteFrom("webhook_deliveries")
    .where(sql<boolean>`seq < (select min(seq) from webhook_deliveries) + 1000`)
    .where("created_at", "<", param("before"))
    .where(sql<boolean>`state <> 'waiting'`),
);
