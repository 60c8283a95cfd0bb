import { type Channel, Connection } from "rabbitmq-client";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type AmqpAddress, readAmqpUrl } from "./amqp-address.ts";
import { amqpError } from "./amqp-error.ts";
import { KeptChannel, type KeptChannelOptions } from "./kept-channel.ts";
import { probeAmqp } from "./probe-amqp.ts";

export interface RabbitConnectionOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps`. */
  readonly url: string;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the broker may take for one answer. */
  readonly answerLimitMs?: number;
  /** The longest pause between two tries to connect again. */
  readonly reconnectMaxMs?: number;
  /** After about twice this time a broker that says nothing any more is taken for gone. */
  readonly heartbeatSeconds?: number;
}

const ANSWER_LIMIT_MS = 10_000;
const CLOSE_LIMIT_MS = 3_000;

/** One connection to RabbitMQ that comes back by itself for as long as it is not closed. */
export class RabbitConnection {
  readonly address: AmqpAddress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly #connection: Connection;
  readonly #answerLimitMs: number;
  readonly #channels = new Set<KeptChannel>();
  #closing: Promise<void> | undefined;

  private constructor(options: RabbitConnectionOptions, address: AmqpAddress) {
    const { url, name, clock, logger } = options;
    const { answerLimitMs = ANSWER_LIMIT_MS, reconnectMaxMs = 5_000, heartbeatSeconds = 10 } = options;
    this.address = address;
    this.clock = clock;
    this.logger = logger.child({ broker: address.shown, connection: name });
    this.#answerLimitMs = answerLimitMs;
    this.#connection = new Connection({
      url,
      connectionName: name,
      // Small messages must not wait for others to share a packet with.
      noDelay: true,
      heartbeat: heartbeatSeconds,
      connectionTimeout: answerLimitMs,
      acquireTimeout: answerLimitMs,
      retryLow: Math.min(200, reconnectMaxMs),
      retryHigh: reconnectMaxMs,
    });
    // The library tells the first failure of a row, and would throw it if nobody listened.
    this.#connection.on("error", (error) => {
      this.logger.warn({ error: amqpError(error, address).message }, "lost the connection to RabbitMQ");
    });
    this.#connection.on("connection", () => this.logger.info({}, "connected to RabbitMQ"));
    this.#connection.on("connection.blocked", (reason) => {
      this.logger.warn({ reason }, "RabbitMQ takes no messages now");
    });
    this.#connection.on("connection.unblocked", () => {
      this.logger.info({}, "RabbitMQ takes messages again");
    });
  }

  /**
   * Resolves when it is connected. `Permanent`: the URL, user, password or virtual host is wrong. `Transient`: the
   * broker cannot be reached.
   */
  static async open(options: RabbitConnectionOptions): Promise<RabbitConnection> {
    const address = readAmqpUrl(options.url);
    await probeAmqp(address, options.clock, options.answerLimitMs ?? ANSWER_LIMIT_MS);
    const connection = new RabbitConnection(options, address);
    await connection.#firstConnection();
    return connection;
  }

  /** True: connected, and the broker takes messages. */
  get isUp(): boolean {
    return this.#closing === undefined && this.#connection.ready;
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** A channel that is set up anew whenever it or the connection was lost. Resolves when it is ready for the first time. */
  async keepChannel(options: KeptChannelOptions): Promise<KeptChannel> {
    this.#refuseClosed();
    const kept = new KeptChannel(this, options);
    this.#channels.add(kept);
    try {
      await kept.start();
      return kept;
    } catch (error) {
      await kept.close();
      throw amqpError(error, this.address);
    }
  }

  /** Runs something on a channel of its own, which is closed afterwards: what it has not acked comes again. */
  async withChannel<T>(use: (channel: Channel) => Promise<T>): Promise<T> {
    const channel = await this.openChannel();
    try {
      return await use(channel);
    } catch (error) {
      throw amqpError(error, this.address);
    } finally {
      this.#closeChannel(channel);
    }
  }

  /** Rejects at once where there is no connection. */
  async openChannel(): Promise<Channel> {
    this.#refuseClosed();
    if (!this.#connection.ready)
      throw new ExecError("Transient", `RabbitMQ at ${this.address.shown} cannot be reached now.`);
    const acquiring = this.#connection.acquire({ emitErrorsFromChannel: true });
    const channel = await this.answer(acquiring).catch((error) => {
      acquiring.then((late) => late.close()).catch(() => {});
      throw error;
    });
    channel.on("error", (error) => {
      const { message } = amqpError(error, this.address);
      if (!this.isClosed) this.logger.warn({ error: message }, "RabbitMQ closed a channel");
    });
    return channel;
  }

  /** The broker's answer, or `Transient` where it takes too long, and every other failure as an `ExecError`. */
  async answer<T>(answer: Promise<T>, limitMs: number = this.#answerLimitMs): Promise<T> {
    let forget = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      forget = this.clock.after(limitMs, () => {
        const message = `RabbitMQ at ${this.address.shown} did not answer within ${limitMs} ms.`;
        reject(new ExecError("Transient", message));
      });
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw amqpError(error, this.address);
    } finally {
      forget();
    }
  }

  /** Calls back with every connection after the present one, until the returned function is called. */
  onConnected(callback: () => void): () => void {
    this.#connection.on("connection", callback);
    return () => this.#connection.off("connection", callback);
  }

  /** Idempotent. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  forget(kept: KeptChannel): void {
    this.#channels.delete(kept);
  }

  async #close(): Promise<void> {
    const graceful = Promise.all([...this.#channels].map((kept) => kept.close())).then(() =>
      this.#connection.close(),
    );
    await this.answer(graceful, Math.min(CLOSE_LIMIT_MS, this.#answerLimitMs)).catch(() => {});
    // Where the broker hangs, its farewell is not waited for.
    this.#connection.unsafeDestroy();
  }

  #closeChannel(channel: Channel): void {
    // Not waited for: nothing depends on it, and a broker that hangs would hold the caller up.
    channel.close().catch(() => {});
  }

  #refuseClosed(): void {
    if (this.isClosed) throw new ExecError("Transient", "The connection to RabbitMQ is closed.");
  }

  async #firstConnection(): Promise<void> {
    const connection = this.#connection;
    try {
      await this.answer(
        new Promise<void>((resolve, reject) => {
          connection.once("connection", resolve);
          connection.once("error", (error) => reject(error));
        }),
      );
    } catch (error) {
      connection.unsafeDestroy();
      throw error;
    }
  }
}
