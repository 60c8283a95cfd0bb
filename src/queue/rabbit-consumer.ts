import type { AsyncMessage, Channel } from "rabbitmq-client";
import type { KeptChannel } from "../amqp/kept-channel.ts";
import type { RabbitConnection } from "../amqp/rabbit-connection.ts";
import { readBuildMessage } from "./build-message.ts";
import { bodyText, deliveriesBefore, HEADER } from "./message-headers.ts";
import type { BuildConsumer, BuildHandler } from "./queue-client.ts";
import type { OutgoingMessage, RabbitPublisher } from "./rabbit-publisher.ts";
import type { RabbitTopology } from "./rabbit-topology.ts";
import { delayAfter, type RetryPolicy } from "./retry-policy.ts";
import { runHandler, type Settlement } from "./run-handler.ts";

export interface RabbitConsumerParts {
  readonly connection: RabbitConnection;
  readonly publisher: RabbitPublisher;
  readonly topology: RabbitTopology;
  readonly retry: RetryPolicy;
  readonly prefetch: number;
  readonly handler: BuildHandler;
}

interface Incoming {
  readonly channel: Channel;
  readonly deliveryTag: number;
  readonly text: string;
  readonly delivery: number;
  readonly buildId?: string;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Takes messages off the queue. One that fails is first put where it belongs (a delay queue, the dead letters) and then
 * acked: it may be there twice for a moment, but never nowhere.
 */
export class RabbitConsumer implements BuildConsumer {
  readonly #parts: RabbitConsumerParts;
  readonly #running = new Set<Promise<void>>();
  #kept: KeptChannel | undefined;
  #tag: string | undefined;
  #unsettled = 0;
  #stopping: Promise<void> | undefined;

  private constructor(parts: RabbitConsumerParts) {
    this.#parts = parts;
  }

  static async start(parts: RabbitConsumerParts): Promise<RabbitConsumer> {
    const consumer = new RabbitConsumer(parts);
    consumer.#kept = await parts.connection.keepChannel({
      name: "consumer",
      setUp: (channel) => consumer.#consume(channel),
    });
    return consumer;
  }

  get unsettled(): number {
    return this.#unsettled;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { connection } = this.#parts;
    const channel = this.#kept?.current;
    const tag = this.#tag;
    if (channel !== undefined && tag !== undefined) {
      await connection.answer(channel.basicCancel(tag)).catch(() => {});
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#kept?.close();
  }

  async #consume(channel: Channel): Promise<void> {
    if (this.#stopping) return;
    const { topology, prefetch } = this.#parts;
    await topology.declare(channel);
    await channel.basicQos({ prefetchCount: prefetch });
    // The queue was deleted, or its leader moved: a new channel consumes again.
    channel.on("basic.cancel", () => channel.close().catch(() => {}));
    const { consumerTag } = await channel.basicConsume({ queue: topology.ready }, (message) =>
      this.#receive(channel, message),
    );
    this.#tag = consumerTag;
  }

  #receive(channel: Channel, { deliveryTag, body, headers }: AsyncMessage): void {
    if (this.#stopping) {
      settleOn(channel, (open) => open.basicNack({ deliveryTag, requeue: true }));
      return;
    }
    const text = bodyText(body);
    const delivery = deliveriesBefore(headers) + 1;
    const incoming: Incoming = { channel, deliveryTag, text, delivery };
    this.#unsettled += 1;
    const running = this.#handle(incoming).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async #handle(incoming: Incoming): Promise<void> {
    const { connection, handler, retry } = this.#parts;
    const { logger } = connection;
    const read = readBuildMessage(incoming.text);
    if (read.message === undefined) {
      await this.#settle(incoming, { kind: "dead", reason: read.problem });
      return;
    }
    const { message } = read;
    const named = { ...incoming, buildId: message.buildId };
    if (incoming.delivery > retry.maxDeliveries) {
      const reason = `It was delivered ${incoming.delivery - 1} times, and whoever had it went away before the end.`;
      await this.#settle(named, { kind: "dead", reason });
      return;
    }
    const settle = (settlement: Settlement) => this.#settle(named, settlement);
    await runHandler({ message, delivery: incoming.delivery, handler, logger, settle });
  }

  /** Never rejects. Resolves when it is done, or when there is no way to tell the broker: it then comes again. */
  async #settle(incoming: Incoming, settlement: Settlement): Promise<void> {
    const { channel, deliveryTag } = incoming;
    try {
      const move = settlement.kind === "ack" ? undefined : this.#moved(incoming, settlement);
      if (move !== undefined && !(await this.#move(channel, move))) {
        settleOn(channel, (open) => open.basicNack({ deliveryTag, requeue: true }));
        return;
      }
      settleOn(channel, (open) => open.basicAck({ deliveryTag }));
    } finally {
      this.#unsettled -= 1;
    }
  }

  #moved(incoming: Incoming, { kind, reason }: Exclude<Settlement, { kind: "ack" }>): OutgoingMessage {
    const { topology, retry, connection } = this.#parts;
    const { text, delivery, buildId } = incoming;
    const body = Buffer.from(text);
    const headers = { [HEADER.deliveries]: delivery };
    const delayMs = kind === "retry" ? delayAfter(retry, delivery) : undefined;
    if (delayMs !== undefined) return { queue: topology.delay(delayMs), body, headers };
    connection.logger.error({ buildId, delivery, reason }, "a build message is a dead letter");
    const at = connection.clock.now();
    return {
      queue: topology.dead,
      body,
      headers: { ...headers, [HEADER.reason]: shorten(reason), [HEADER.at]: at },
    };
  }

  /** False: the message must come again, as the consumer stops before it could be moved. */
  async #move(channel: Channel, message: OutgoingMessage): Promise<boolean> {
    const { connection, publisher } = this.#parts;
    for (let pauseMs = FIRST_PAUSE_MS; channel.active; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await publisher.publish(message);
        return true;
      } catch (error) {
        const { queue } = message;
        connection.logger.warn({ queue, error }, "a build message could not be moved yet");
      }
      if (this.#stopping) return false;
      await new Promise<void>((resolve) => connection.clock.after(pauseMs, resolve));
    }
    return true;
  }
}

/** On a channel that is gone there is nothing to settle: the broker gives the message to somebody again. */
function settleOn(channel: Channel, settle: (open: Channel) => void): void {
  if (!channel.active) return;
  try {
    settle(channel);
  } catch {
    // It was closed just now.
  }
}

/** A header must fit into one frame with the others. */
function shorten(reason: string): string {
  const max = 2_000;
  return reason.length > max ? `${reason.slice(0, max)}…` : reason;
}
