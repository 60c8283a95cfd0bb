import type { Clock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { newId } from "../../new-id.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { pageOf, pageStart } from "../list-page.ts";
import type { WebhookRow } from "../tables/kept-tables.ts";
import type { DeliveryRecord, WebhookRecord, WebhookStore } from "../webhook-store.ts";
import * as deliveries from "./deliveries.ts";
import { deliveryOfRow, webhookOfRow } from "./webhook-of-row.ts";

export function kyselyWebhookStore(engine: Engine, clock: Clock): WebhookStore {
  const { session } = engine;
  return {
    async putWebhook(webhook) {
      await session.change(PUT, webhook);
    },
    async getWebhook(id) {
      const [row] = await session.rows(BY_ID, { id });
      if (row === undefined) throw new ExecError("NotFound", `there is no webhook ${id}`);
      return webhookOfRow(row);
    },
    async listWebhooks(projectId) {
      return (await session.rows(OF_PROJECT, { projectId })).map(webhookOfRow);
    },
    async deleteWebhook(id) {
      return (await session.change(REMOVE, { id })) > 0;
    },

    addDeliveries: (projectId, { eventId, name, payload, at }, only) =>
      engine.transaction(async (inside) => {
        const added: DeliveryRecord[] = [];
        const webhooks = (await inside.rows(OF_PROJECT, { projectId })).map(webhookOfRow);
        const text = JSON.stringify(payload);
        for (const { id: webhookId, enabled, events, createdAt } of webhooks) {
          const listens = events.includes(name) || events.includes("*");
          const isMeant = only === undefined ? enabled && createdAt <= at && listens : only === webhookId;
          if (!isMeant) continue;
          const id = newId(clock.now());
          const delivery = { id, webhookId, eventId, event: name, payload: text, at };
          added.push(...(await inside.rows(deliveries.ADD, delivery)).map(deliveryOfRow));
        }
        return added;
      }),

    takeDue: (now, leaseMs, limit) =>
      engine.transaction(async (inside) => {
        await inside.hold("deliveries");
        const rows = await inside.rows(deliveries.TAKE_DUE, { now, until: now + leaseMs, limit });
        return rows.sort((a, b) => (a.next_at ?? 0) - (b.next_at ?? 0) || a.seq - b.seq).map(deliveryOfRow);
      }),

    removeDeliveries: (before) => session.change(deliveries.REMOVE_OLD, { before }),

    async recordAttempt(id, attempt) {
      if ((await session.change(deliveries.RECORD_ATTEMPT, { ...attempt, id })) === 0) throw noDelivery(id);
    },
    async redeliver(id, at) {
      const [row] = await session.rows(deliveries.REDELIVER, { id, at });
      if (row === undefined) throw noDelivery(id);
      return deliveryOfRow(row);
    },

    async listDeliveries(webhookId, page) {
      const after = pageStart("deliveries", page, ["number"]);
      let query = engine.db
        .selectFrom("webhook_deliveries")
        .selectAll()
        .where("webhook_id", "=", webhookId)
        .orderBy("seq", "desc")
        .limit(page.limit + 1);
      if (after !== undefined) query = query.where("seq", "<", after[0]);
      const rows = await session.query(query.compile());
      return pageOf("deliveries", page, rows, ({ seq }) => [seq], deliveryOfRow);
    },
    async getDelivery(id) {
      const [row] = await session.rows(deliveries.BY_ID, { id });
      if (row === undefined) throw noDelivery(id);
      return deliveryOfRow(row);
    },
  };
}

function noDelivery(id: string): ExecError {
  return new ExecError("NotFound", `there is no delivery ${id}`);
}

const PUT = prepared<WebhookRecord, unknown>((db, param) =>
  db
    .insertInto("webhooks")
    .values({
      id: param("id"),
      project_id: param("projectId"),
      url: param("url"),
      events_json: param(({ events }) => JSON.stringify(events)),
      secret: param("secret"),
      enabled: param(({ enabled }) => (enabled ? 1 : 0)),
      created_at: param("createdAt"),
    })
    .onConflict((conflict) =>
      conflict.column("id").doUpdateSet((eb) => ({
        url: eb.ref("excluded.url"),
        events_json: eb.ref("excluded.events_json"),
        secret: eb.ref("excluded.secret"),
        enabled: eb.ref("excluded.enabled"),
      })),
    ),
);

const BY_ID = prepared<{ id: string }, WebhookRow>((db, param) =>
  db.selectFrom("webhooks").selectAll().where("id", "=", param("id")),
);

const OF_PROJECT = prepared<{ projectId: string }, WebhookRow>((db, param) =>
  db
    .selectFrom("webhooks")
    .selectAll()
    .where("project_id", "=", param("projectId"))
    .orderBy("created_at")
    .orderBy("id"),
);

const REMOVE = prepared<{ id: string }, unknown>((db, param) =>
  db.deleteFrom("webhooks").where("id", "=", param("id")),
);
