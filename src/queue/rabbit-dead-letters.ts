import type { Channel, SyncMessage } from "rabbitmq-client";
import type { RabbitConnection } from "../amqp/rabbit-connection.ts";
import { encodeBuildMessage, readBuildMessage } from "./build-message.ts";
import { bodyText, deliveriesBefore, HEADER, type MessageHeaders } from "./message-headers.ts";
import type { DeadLetter } from "./queue-client.ts";
import type { RabbitPublisher } from "./rabbit-publisher.ts";
import type { RabbitTopology } from "./rabbit-topology.ts";

export interface DeadLetterParts {
  readonly connection: RabbitConnection;
  readonly publisher: RabbitPublisher;
  readonly topology: RabbitTopology;
}

/** As many are looked at for a list, so that the oldest come first also where a broker puts returned ones last. */
const MAX_LOOK = 1_000;
const MAX_RAW = 10_000;
const LOOKS_FOR_RETURNED = 100;
const LOOK_PAUSE_MS = 5;

/** Looks at the dead letters, which are put back as they were. */
export async function listDeadLetters(
  { connection, topology }: DeadLetterParts,
  limit: number,
): Promise<readonly DeadLetter[]> {
  return connection.withChannel(async (channel) => {
    const taken = await takeAll(connection, channel, topology.dead, Math.max(limit, MAX_LOOK));
    await putBack(connection, channel, topology.dead, taken);
    const letters = taken.map((message) => deadLetterOf(message));
    return letters.sort((a, b) => a.at - b.at).slice(0, limit);
  });
}

/**
 * Puts those of a build, or all, into the queue as new. Those that cannot be read stay: they would only come back.
 */
export async function requeueDeadLetters(
  { connection, publisher, topology }: DeadLetterParts,
  buildId: string | undefined,
): Promise<number> {
  return connection.withChannel(async (channel) => {
    const taken = await takeAll(connection, channel, topology.dead, Number.MAX_SAFE_INTEGER);
    const rest = new Set(taken);
    const letters = taken
      .map((message) => ({ message, letter: deadLetterOf(message) }))
      .sort((a, b) => a.letter.at - b.letter.at);
    let count = 0;
    try {
      for (const { message, letter } of letters) {
        if (letter.message === undefined) continue;
        if (buildId !== undefined && letter.message.buildId !== buildId) continue;
        await publisher.publish({ queue: topology.ready, body: encodeBuildMessage(letter.message) });
        channel.basicAck({ deliveryTag: message.deliveryTag });
        rest.delete(message);
        count += 1;
      }
    } finally {
      await putBack(connection, channel, topology.dead, [...rest]);
    }
    return count;
  });
}

async function takeAll(
  connection: RabbitConnection,
  channel: Channel,
  queue: string,
  limit: number,
): Promise<SyncMessage[]> {
  const { messageCount } = await connection.answer(channel.queueDeclare({ queue, passive: true }));
  const taken: SyncMessage[] = [];
  while (taken.length < Math.min(messageCount, limit)) {
    const message = await connection.answer(channel.basicGet({ queue }));
    if (message === undefined) break;
    taken.push(message);
  }
  return taken;
}

/** Where the channel is gone the broker puts them back itself. */
async function putBack(
  connection: RabbitConnection,
  channel: Channel,
  queue: string,
  messages: readonly SyncMessage[],
): Promise<void> {
  if (!channel.active) return;
  for (const { deliveryTag } of messages) channel.basicNack({ deliveryTag, requeue: true });
  // The broker does not confirm that, and a quorum queue does it a little later: who asks next must find them.
  for (let look = 0; look < LOOKS_FOR_RETURNED; look += 1) {
    const { messageCount } = await connection.answer(channel.queueDeclare({ queue, passive: true }));
    if (messageCount >= messages.length) return;
    await new Promise<void>((resolve) => connection.clock.after(LOOK_PAUSE_MS, resolve));
  }
}

function deadLetterOf({ body, headers, timestamp }: SyncMessage): DeadLetter {
  const text = bodyText(body);
  const read = readBuildMessage(text);
  const own = headers?.[HEADER.reason];
  const at = headers?.[HEADER.at];
  return {
    ...(read.message === undefined ? { raw: text.slice(0, MAX_RAW) } : { message: read.message }),
    reason: typeof own === "string" ? own : brokersReason(headers),
    deliveries: typeof own === "string" ? ownDeliveries(headers) : deliveriesBefore(headers),
    at: typeof at === "number" ? at : (timestamp ?? 0) * 1_000,
  };
}

/** Without the looks at it since it is a dead letter, which the broker counts as deliveries. */
function ownDeliveries(headers: MessageHeaders | undefined): number {
  return deliveriesBefore({ [HEADER.deliveries]: headers?.[HEADER.deliveries] });
}

/** The broker itself gave it up: https://www.rabbitmq.com/docs/dlx#effects */
function brokersReason(headers: MessageHeaders | undefined): string {
  const reason = headers?.["x-first-death-reason"];
  return reason === "delivery_limit"
    ? "It was delivered too often, and whoever had it went away before the end."
    : `The broker gave it up${typeof reason === "string" ? ` (${reason})` : ""}.`;
}
