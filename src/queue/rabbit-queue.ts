import { RabbitConnection } from "../amqp/rabbit-connection.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { encodeBuildMessage } from "./build-message.ts";
import type {
  BuildConsumer,
  BuildHandler,
  BuildMessage,
  ConsumeOptions,
  DeadLetter,
  QueueClient,
  QueueStats,
} from "./queue-client.ts";
import { RabbitConsumer } from "./rabbit-consumer.ts";
import { listDeadLetters, requeueDeadLetters } from "./rabbit-dead-letters.ts";
import { RabbitPublisher } from "./rabbit-publisher.ts";
import { type RabbitTopology, rabbitTopology } from "./rabbit-topology.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "./retry-policy.ts";

export interface RabbitQueueOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps`. */
  readonly url: string;
  /** Begins the names of all queues: servers with the same prefix share them. */
  readonly prefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retry?: RetryPolicy;
  /** How long the broker may take to confirm a message before the publish rejects. */
  readonly confirmLimitMs?: number;
  /** How long it may take for any other answer. */
  readonly answerLimitMs?: number;
  /** The longest pause between two tries to connect again. */
  readonly reconnectMaxMs?: number;
}

const DEFAULT_CONFIRM_LIMIT_MS = 10_000;

/**
 * The build queue in RabbitMQ 3.10 or newer, for any number of server processes. It publishes and consumes over a
 * connection each: where the broker takes no messages for a while (its memory or disk is full), workers can still settle.
 */
export class RabbitQueue implements QueueClient {
  readonly name = "rabbitmq";
  readonly #publishing: RabbitConnection;
  readonly #consuming: RabbitConnection;
  readonly #topology: RabbitTopology;
  readonly #publisher: RabbitPublisher;
  readonly #retry: RetryPolicy;
  readonly #consumers = new Set<RabbitConsumer>();
  /** Looks at dead letters and their return one after the other: each would miss what the other holds. */
  #looking: Promise<unknown> = Promise.resolve();

  private constructor(
    publishing: RabbitConnection,
    consuming: RabbitConnection,
    topology: RabbitTopology,
    publisher: RabbitPublisher,
    retry: RetryPolicy,
  ) {
    this.#publishing = publishing;
    this.#consuming = consuming;
    this.#topology = topology;
    this.#publisher = publisher;
    this.#retry = retry;
  }

  /**
   * Resolves when the queues are there. `Permanent`: wrong URL, user, password, virtual host or rights, or queues of
   * these names with other settings. `Transient`: the broker cannot be reached.
   */
  static async open(options: RabbitQueueOptions): Promise<RabbitQueue> {
    const { prefix, retry = DEFAULT_RETRY_POLICY, confirmLimitMs = DEFAULT_CONFIRM_LIMIT_MS } = options;
    const topology = rabbitTopology(prefix, retry);
    const publishing = await RabbitConnection.open({ ...options, name: `${prefix} publishes builds` });
    let consuming: RabbitConnection | undefined;
    try {
      const publisher = await RabbitPublisher.open(publishing, topology, confirmLimitMs);
      consuming = await RabbitConnection.open({ ...options, name: `${prefix} consumes builds` });
      return new RabbitQueue(publishing, consuming, topology, publisher, retry);
    } catch (error) {
      await publishing.close();
      await consuming?.close();
      throw error;
    }
  }

  publishBuild(message: BuildMessage): Promise<void> {
    return this.#publisher.publish({ queue: this.#topology.ready, body: encodeBuildMessage(message) });
  }

  async consumeBuilds({ prefetch }: ConsumeOptions, handler: BuildHandler): Promise<BuildConsumer> {
    const consumer = await RabbitConsumer.start({
      connection: this.#consuming,
      publisher: this.#publisher,
      topology: this.#topology,
      retry: this.#retry,
      prefetch,
      handler,
    });
    this.#consumers.add(consumer);
    return {
      stop: () => consumer.stop().finally(() => this.#consumers.delete(consumer)),
    };
  }

  async stats(): Promise<QueueStats> {
    const { ready, dead, delayed } = this.#topology;
    const counts = await this.#consuming.withChannel(async (channel) => {
      const found: number[] = [];
      for (const queue of [ready, dead, ...delayed]) {
        const declared = await this.#consuming.answer(channel.queueDeclare({ queue, passive: true }));
        found.push(declared.messageCount);
      }
      return found;
    });
    const [readyCount = 0, deadCount = 0, ...delayedCounts] = counts;
    return {
      ready: readyCount,
      unsettled: [...this.#consumers].reduce((sum, { unsettled }) => sum + unsettled, 0),
      delayed: delayedCounts.reduce((sum, count) => sum + count, 0),
      dead: deadCount,
    };
  }

  deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#oneByOne(() => listDeadLetters(this.#deadLetterParts(), limit));
  }

  requeue(buildId?: string): Promise<number> {
    return this.#oneByOne(() => requeueDeadLetters(this.#deadLetterParts(), buildId));
  }

  async ping(): Promise<void> {
    if (!this.#publishing.isUp) {
      throw new ExecError(
        "Transient",
        `RabbitMQ at ${this.#publishing.address.shown} takes no messages now.`,
      );
    }
    const queue = this.#topology.ready;
    await this.#consuming.withChannel((channel) =>
      this.#consuming.answer(channel.queueDeclare({ queue, passive: true })),
    );
  }

  async close(): Promise<void> {
    // Handlers that still run may settle: their channel is closed after them. What is left then comes again elsewhere.
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  #deadLetterParts() {
    return { connection: this.#consuming, publisher: this.#publisher, topology: this.#topology };
  }

  #oneByOne<T>(look: () => Promise<T>): Promise<T> {
    const next = this.#looking.then(look, look);
    this.#looking = next.catch(() => {});
    return next;
  }
}
