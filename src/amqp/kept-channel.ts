import type { Channel } from "rabbitmq-client";
import type { RabbitConnection } from "./rabbit-connection.ts";

export interface KeptChannelOptions {
  /** For the log. */
  readonly name: string;
  /** Declares, binds and consumes what the channel is for. Called with each new channel, before anybody else sees it. */
  readonly setUp: (channel: Channel) => Promise<void>;
  /** After the channel was lost and is set up again. */
  readonly onBack?: () => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** A channel that is opened and set up again, for as long as it is wanted. */
export class KeptChannel {
  readonly #connection: RabbitConnection;
  readonly #options: KeptChannelOptions;
  #current: Channel | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #takeBack: () => void = () => {};
  #closed = false;

  /** By `RabbitConnection.keepChannel`. */
  constructor(connection: RabbitConnection, options: KeptChannelOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** The channel while it is open and set up. */
  get current(): Channel | undefined {
    return this.#current?.active === true ? this.#current : undefined;
  }

  /** Rejects where the first channel cannot be set up. */
  async start(): Promise<void> {
    await this.#open();
  }

  /** Drops the present channel for a new one: what it declared is gone, say. */
  renew(): void {
    this.#current?.close().catch(() => {});
  }

  /** Idempotent. What was delivered on it and not acked comes again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#takeBack();
    this.#connection.forget(this);
    const channel = this.#current;
    this.#current = undefined;
    if (channel !== undefined) await this.#connection.answer(channel.close()).catch(() => {});
  }

  async #open(): Promise<void> {
    const channel = await this.#connection.openChannel();
    try {
      await this.#connection.answer(this.#options.setUp(channel));
    } catch (error) {
      channel.close().catch(() => {});
      throw error;
    }
    if (this.#closed) {
      channel.close().catch(() => {});
      return;
    }
    this.#current = channel;
    this.#pauseMs = FIRST_PAUSE_MS;
    // `close` may have come while it was set up: it is not told twice.
    if (channel.active) channel.once("close", () => this.#lost(channel));
    else this.#lost(channel);
  }

  #lost(channel: Channel): void {
    if (this.#closed || this.#current !== channel) return;
    this.#current = undefined;
    this.#openAgain();
  }

  /** After a pause; at once where a connection comes before its end. */
  #openAgain(): void {
    if (this.#closed) return;
    const again = () => {
      this.#takeBack();
      this.#reopen();
    };
    const offClock = this.#connection.clock.after(this.#pauseMs, again);
    const offConnected = this.#connection.onConnected(again);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#takeBack = () => {
      offClock();
      offConnected();
    };
  }

  #reopen(): void {
    if (!this.#connection.isUp) {
      this.#openAgain();
      return;
    }
    this.#open().then(
      () => {
        if (!this.#closed) this.#options.onBack?.();
      },
      (error) => {
        const { name } = this.#options;
        this.#connection.logger.warn({ channel: name, error }, "a channel to RabbitMQ could not be opened");
        this.#openAgain();
      },
    );
  }
}
