import { setImmediate as nextTurn } from "node:timers/promises";
import type { KeptChannel } from "../amqp/kept-channel.ts";
import type { RabbitConnection } from "../amqp/rabbit-connection.ts";
import { ExecError } from "../errors.ts";
import { BUILD_MESSAGE_TYPE } from "./build-message.ts";
import type { RabbitTopology } from "./rabbit-topology.ts";

export interface OutgoingMessage {
  readonly queue: string;
  readonly body: Buffer;
  readonly headers?: { readonly [name: string]: string | number };
}

/** More may not wait for their confirmation: who publishes faster is told so, instead of filling the memory. */
const MAX_UNCONFIRMED = 10_000;

/** Puts messages into queues, each confirmed by the broker. */
export class RabbitPublisher {
  readonly #connection: RabbitConnection;
  readonly #confirmLimitMs: number;
  /** Messages that no queue took, by their id. */
  readonly #returned = new Set<string>();
  #channel: KeptChannel | undefined;
  #unconfirmed = 0;
  #count = 0;

  private constructor(connection: RabbitConnection, confirmLimitMs: number) {
    this.#connection = connection;
    this.#confirmLimitMs = confirmLimitMs;
  }

  static async open(
    connection: RabbitConnection,
    topology: RabbitTopology,
    confirmLimitMs: number,
  ): Promise<RabbitPublisher> {
    const publisher = new RabbitPublisher(connection, confirmLimitMs);
    publisher.#channel = await connection.keepChannel({
      name: "publisher",
      setUp: async (channel) => {
        await topology.declare(channel);
        await channel.confirmSelect();
        channel.on("basic.return", ({ messageId }) => {
          if (messageId !== undefined) publisher.#returned.add(messageId);
        });
      },
    });
    return publisher;
  }

  /**
   * Resolves once a queue has the message for good. Rejects with `Transient`, at once where there is no connection; the
   * message may then be in the queue or not.
   */
  async publish({ queue, body, headers = {} }: OutgoingMessage): Promise<void> {
    const channel = this.#connection.isUp ? this.#channel?.current : undefined;
    const { shown } = this.#connection.address;
    if (channel === undefined) {
      throw new ExecError("Transient", `RabbitMQ at ${shown} takes no messages now.`);
    }
    if (this.#unconfirmed >= MAX_UNCONFIRMED) {
      throw new ExecError(
        "Transient",
        `RabbitMQ at ${shown} is slow to confirm ${MAX_UNCONFIRMED} messages.`,
      );
    }
    this.#count += 1;
    const messageId = `${this.#count}`;
    const envelope = { routingKey: queue, mandatory: true, durable: true, messageId, headers };
    this.#unconfirmed += 1;
    try {
      const confirmed = channel.basicPublish({ ...envelope, contentType: BUILD_MESSAGE_TYPE }, body);
      await this.#connection.answer(confirmed, this.#confirmLimitMs);
    } finally {
      this.#unconfirmed -= 1;
    }
    // The broker returns a message before it confirms it, but the library tells of the return a turn later.
    await nextTurn();
    if (this.#returned.delete(messageId)) {
      // Somebody has deleted the queue: a new channel declares it again.
      this.#channel?.renew();
      throw new ExecError("Transient", `RabbitMQ at ${shown} has no queue ${queue}.`);
    }
  }
}
