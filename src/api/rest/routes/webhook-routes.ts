import { randomBytes } from "node:crypto";
import { z } from "zod";
import { ExecError } from "../../../errors.ts";
import { newId } from "../../../new-id.ts";
import type { WebhookRecord } from "../../../store/webhook-store.ts";
import { RequestError } from "../../problem.ts";
import { json, noContent } from "../answer.ts";
import type { WebhookActions } from "../api-deps.ts";
import type { Call } from "../call.ts";
import { idParam, projectParam, text } from "../inputs.ts";
import { type ApiParts, route } from "../route.ts";
import { listOf, pageOf, pageQuery, pageView, present } from "../views/schema.ts";
import {
  deliverySchema,
  deliveryView,
  WEBHOOK_EVENTS,
  webhookSchema,
  webhookView,
} from "../views/webhook-view.ts";

const params = projectParam.extend({ webhook: idParam });
const deliveryParams = params.extend({ delivery: idParam });
const base = "/projects/{project}/webhooks";
/** Also to look at them: of many receivers (chats, say) the address is the key. */
const WRITE = { of: "project", permission: "project:write" } as const;

const url = text(2000).refine((given) => {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return /^https?:$/.test(protocol) && username === "" && password === "";
}, "must be an http or https address without user and password");
const events = z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(20);
const secret = text(500, 16).describe("Signs what is sent (HMAC-SHA256); absent: one is made.");

export const webhookRoutes = [
  route({
    id: "listWebhooks",
    method: "GET",
    path: base,
    tag: "Webhooks",
    summary: "Webhooks of a project",
    access: WRITE,
    params: projectParam,
    responses: { 200: { description: "All of them.", schema: listOf(webhookSchema) } },
    async handle(_input, { projectId }, { store }) {
      return json(200, { items: (await store.webhooks.listWebhooks(projectId)).map(webhookView) });
    },
  }),
  route({
    id: "createWebhook",
    method: "POST",
    path: base,
    tag: "Webhooks",
    summary: "Add a webhook",
    access: WRITE,
    params: projectParam,
    body: z.strictObject({
      url,
      events: events.default(["*"]),
      secret: secret.optional(),
      enabled: z.boolean().default(true),
    }),
    secretAnswer: true,
    responses: {
      201: {
        description: "It is there. `secret` is shown this once.",
        schema: webhookSchema.extend({ secret: z.string() }),
      },
    },
    async handle({ body }, { projectId }, { store, webhooks, clock }) {
      checkUrl(body.url, webhooks);
      const now = clock.now();
      const id = newId(now);
      const key = body.secret ?? randomBytes(32).toString("base64url");
      const webhook: WebhookRecord = {
        id,
        projectId,
        url: body.url,
        events: body.events,
        enabled: body.enabled,
        secret: webhooks.sealKey(id, key),
        createdAt: now,
      };
      await store.webhooks.putWebhook(webhook);
      const location = `/api/v1/projects/${projectId}/webhooks/${id}`;
      return json(201, { ...webhookView(webhook), secret: key }, { location });
    },
  }),
  route({
    id: "getWebhook",
    method: "GET",
    path: `${base}/{webhook}`,
    tag: "Webhooks",
    summary: "A webhook",
    access: WRITE,
    params,
    responses: { 200: { description: "The webhook.", schema: webhookSchema } },
    handle: async (input, call, parts) => json(200, webhookView(await webhookOf(input.params, call, parts))),
  }),
  route({
    id: "updateWebhook",
    method: "PATCH",
    path: `${base}/{webhook}`,
    tag: "Webhooks",
    summary: "Change a webhook",
    access: WRITE,
    params,
    body: z.strictObject({
      url: url.optional(),
      events: events.optional(),
      secret: secret.optional(),
      enabled: z.boolean().optional(),
    }),
    responses: { 200: { description: "As it is now.", schema: webhookSchema } },
    async handle({ params: path, body }, call, parts) {
      const webhook = await webhookOf(path, call, parts);
      const { secret: key, ...fields } = body;
      if (fields.url !== undefined) checkUrl(fields.url, parts.webhooks);
      const changed = {
        ...webhook,
        ...present(fields),
        ...(key !== undefined && { secret: parts.webhooks.sealKey(webhook.id, key) }),
      };
      await parts.store.webhooks.putWebhook(changed);
      return json(200, webhookView(changed));
    },
  }),
  route({
    id: "deleteWebhook",
    method: "DELETE",
    path: `${base}/{webhook}`,
    tag: "Webhooks",
    summary: "Delete a webhook",
    access: WRITE,
    params,
    responses: { 204: { description: "It is gone." } },
    async handle({ params: path }, call, parts) {
      await parts.store.webhooks.deleteWebhook((await webhookOf(path, call, parts)).id);
      return noContent;
    },
  }),
  route({
    id: "pingWebhook",
    method: "POST",
    path: `${base}/{webhook}/ping`,
    tag: "Webhooks",
    summary: "Send a `ping` event",
    access: WRITE,
    params,
    responses: { 202: { description: "It will be sent at once.", schema: deliverySchema } },
    async handle({ params: path }, call, parts) {
      return json(202, deliveryView(await parts.webhooks.ping(await webhookOf(path, call, parts))));
    },
  }),
  route({
    id: "listDeliveries",
    method: "GET",
    path: `${base}/{webhook}/deliveries`,
    tag: "Webhooks",
    summary: "What was sent, newest first",
    access: WRITE,
    params,
    query: pageQuery,
    responses: { 200: { description: "A page of them.", schema: pageOf(deliverySchema) } },
    async handle({ params: path, query }, call, parts) {
      const { id } = await webhookOf(path, call, parts);
      return json(200, pageView(await parts.store.webhooks.listDeliveries(id, present(query)), deliveryView));
    },
  }),
  route({
    id: "redeliver",
    method: "POST",
    path: `${base}/{webhook}/deliveries/{delivery}/redeliver`,
    tag: "Webhooks",
    summary: "Send a delivery again",
    access: WRITE,
    params: deliveryParams,
    responses: { 202: { description: "It will be sent at once.", schema: deliverySchema } },
    async handle({ params: path }, call, parts) {
      const { id } = await webhookOf(path, call, parts);
      const delivery = await parts.store.webhooks.getDelivery(path.delivery);
      if (delivery.webhookId !== id) throw new ExecError("NotFound", "The webhook has no such delivery.");
      const again = await parts.webhooks.redeliver(delivery.id);
      return json(202, deliveryView(again));
    },
  }),
];

/** A mistake in what was sent, told now and not by a delivery that fails. */
function checkUrl(given: string, webhooks: WebhookActions): void {
  try {
    webhooks.checkUrl(given);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const errors = [{ field: "body.url", message: error.message }];
    throw new RequestError("InvalidSpec", error.message, { errors, cause: error });
  }
}

async function webhookOf(
  { webhook: id }: { readonly webhook: string },
  call: Call,
  { store }: ApiParts,
): Promise<WebhookRecord> {
  const webhook = await store.webhooks.getWebhook(id);
  call.requireIn(webhook.projectId);
  return webhook;
}
