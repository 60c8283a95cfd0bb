import { z } from "zod";
import { json } from "../answer.ts";
import { text } from "../inputs.ts";
import { route } from "../route.ts";
import { isoTime, listOf, named, present, time } from "../views/schema.ts";

const ADMIN = { of: "server", permission: "admin" } as const;

const queueSchema = named(
  "Queue",
  z.object({
    engine: z.string(),
    ready: z.int().describe("Messages that wait."),
    unsettled: z.int().describe("Taken by a worker, not settled yet."),
    delayed: z.int().describe("Waiting for another try."),
    dead: z.int(),
    builds: z.object({
      pending: z.int(),
      queued: z.int(),
      running: z.int(),
      oldestQueuedAt: time.optional(),
    }),
  }),
);
const deadLetterSchema = named(
  "DeadLetter",
  z.object({
    buildId: z.string().optional(),
    projectId: z.string().optional(),
    raw: z.string().optional().describe("Of a message that could not be read."),
    reason: z.string(),
    deliveries: z.int(),
    at: time,
  }),
);

export const queueRoutes = [
  route({
    id: "getQueue",
    method: "GET",
    path: "/queue",
    tag: "Queue",
    summary: "Messages and builds that wait",
    access: ADMIN,
    responses: { 200: { description: "Counts.", schema: queueSchema } },
    async handle(_input, _call, { queue, store }) {
      const [stats, counts] = await Promise.all([queue.stats(), store.builds.counts()]);
      const { pending, queued, running, oldestQueuedAt } = counts;
      return json(200, {
        engine: queue.name,
        ready: stats.ready,
        unsettled: stats.unsettled,
        delayed: stats.delayed,
        dead: stats.dead,
        builds: {
          pending,
          queued,
          running,
          ...(oldestQueuedAt !== undefined && { oldestQueuedAt: isoTime(oldestQueuedAt) }),
        },
      });
    },
  }),
  route({
    id: "listDeadLetters",
    method: "GET",
    path: "/queue/dead-letters",
    tag: "Queue",
    summary: "Messages that were given up, oldest first",
    access: ADMIN,
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
    responses: { 200: { description: "They stay where they are.", schema: listOf(deadLetterSchema) } },
    async handle({ query: { limit } }, _call, { queue }) {
      const items = (await queue.deadLetters(limit)).map(({ message, raw, reason, deliveries, at }) => ({
        ...present({ buildId: message?.buildId, projectId: message?.projectId, raw }),
        reason,
        deliveries,
        at: isoTime(at),
      }));
      return json(200, { items });
    },
  }),
  route({
    id: "requeue",
    method: "POST",
    path: "/queue/requeue",
    tag: "Queue",
    summary: "Put dead letters back into the queue",
    access: ADMIN,
    body: z.strictObject({ buildId: text(100).optional().describe("Absent: all of them.") }),
    bodyOptional: true,
    responses: { 200: { description: "How many.", schema: z.object({ requeued: z.int() }) } },
    async handle({ body }, _call, { queue }) {
      return json(200, { requeued: await queue.requeue(body.buildId) });
    },
  }),
];
