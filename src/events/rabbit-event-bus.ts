import type { AsyncMessage, Channel } from "rabbitmq-client";
import type { KeptChannel } from "../amqp/kept-channel.ts";
import { RabbitConnection } from "../amqp/rabbit-connection.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { EventBus, EventFilter, Subscription } from "./event-bus.ts";
import { EventListeners, subjectOf, topicsOf } from "./event-listeners.ts";
import { bindingKeyOf, GAP_KEY, routingKeyOf } from "./event-routing.ts";
import { GapListeners } from "./gap-listeners.ts";
import type { PlatformEvent } from "./platform-event.ts";

export interface RabbitEventBusOptions {
  /** `amqp://user:password@host:5672/vhost`, or `amqps`. */
  readonly url: string;
  /** Begins the name of the exchange: servers with the same prefix hear each other. */
  readonly prefix: string;
  /** Unique to this process. */
  readonly instanceId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly answerLimitMs?: number;
  /** The longest pause between two tries to connect again. */
  readonly reconnectMaxMs?: number;
}

/** What the process has asked the broker for, by how many subscriptions, and when it is asked. */
interface Binding {
  count: number;
  bound: Promise<void>;
}

/** Events that are written and not yet on their way; more are dropped. */
const MAX_UNSENT = 1_000;
/** Events that wait at the broker for a process that does not take them; then the oldest go. */
const MAX_WAITING = 100_000;

/**
 * Events between servers by a topic exchange. Each process has one queue, which is gone with its connection, bound to
 * what its subscribers ask for; however many they are, an event comes once and is handed on in the process. A process
 * hears its own events without the broker, also while that is away.
 */
export class RabbitEventBus implements EventBus {
  readonly name = "rabbitmq";
  readonly #connection: RabbitConnection;
  readonly #exchange: string;
  readonly #instanceId: string;
  readonly #listeners: EventListeners;
  readonly #gaps: GapListeners;
  readonly #bindings = new Map<string, Binding>();
  #publishing: KeptChannel | undefined;
  /** The consuming channel and its queue, from when it has one: what is bound meanwhile is bound there. */
  #consuming: { readonly channel: Channel; readonly queue: string } | undefined;
  #unsent = 0;
  #hasDropped = false;

  private constructor(connection: RabbitConnection, { prefix, instanceId, logger }: RabbitEventBusOptions) {
    this.#connection = connection;
    this.#exchange = `${prefix}.events`;
    this.#instanceId = instanceId;
    this.#listeners = new EventListeners(logger);
    this.#gaps = new GapListeners(logger);
  }

  /** Errors as of `RabbitConnection.open`. */
  static async open(options: RabbitEventBusOptions): Promise<RabbitEventBus> {
    const connection = await RabbitConnection.open({ ...options, name: `${options.prefix} events` });
    const bus = new RabbitEventBus(connection, options);
    try {
      bus.#publishing = await connection.keepChannel({
        name: "events out",
        setUp: (channel) => bus.#declareExchange(channel),
        onBack: () => bus.#tellOfDropped(),
      });
      await connection.keepChannel({
        name: "events in",
        setUp: (channel) => bus.#consume(channel),
        onBack: () => bus.#gaps.tell(),
      });
      return bus;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  publish(event: PlatformEvent): void {
    if (this.#connection.isClosed) return;
    this.#listeners.dispatch(event);
    if (this.#hasDropped) this.#tellOfDropped();
    if (!this.#send(routingKeyOf(subjectOf(event)), event)) this.#hasDropped = true;
  }

  async subscribe(filter: EventFilter, listener: (event: PlatformEvent) => void): Promise<Subscription> {
    if (this.#connection.isClosed) throw closed();
    const keys = [...new Set(topicsOf(filter).map(bindingKeyOf))];
    const local = this.#listeners.add(filter, listener);
    await Promise.all(keys.map((key) => this.#bind(key)));
    let isOver = false;
    return {
      unsubscribe: () => {
        if (isOver) return;
        isOver = true;
        local.unsubscribe();
        for (const key of keys) this.#unbind(key);
      },
    };
  }

  onGap(listener: () => void): Subscription {
    return this.#gaps.add(listener);
  }

  async ping(): Promise<void> {
    if (this.#connection.isClosed) throw closed();
    await this.#connection.withChannel((channel) =>
      this.#connection.answer(channel.exchangeDeclare({ exchange: this.#exchange, passive: true })),
    );
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #declareExchange(channel: Channel): Promise<void> {
    await channel.exchangeDeclare({ exchange: this.#exchange, type: "topic", durable: true });
  }

  async #consume(channel: Channel): Promise<void> {
    await this.#declareExchange(channel);
    const { queue } = await channel.queueDeclare({
      queue: "",
      exclusive: true,
      autoDelete: true,
      arguments: { "x-max-length": MAX_WAITING },
    });
    channel.on("basic.cancel", () => channel.close().catch(() => {}));
    await channel.queueBind({ queue, exchange: this.#exchange, routingKey: GAP_KEY });
    this.#consuming = { channel, queue };
    // Also those that are added meanwhile; they are bound twice then, which is once.
    for (const key of this.#bindings.keys()) {
      await channel.queueBind({ queue, exchange: this.#exchange, routingKey: key });
    }
    await channel.basicConsume({ queue, noAck: true, exclusive: true }, (message) => this.#receive(message));
  }

  #receive({ appId, routingKey, body }: AsyncMessage): void {
    if (appId === this.#instanceId || this.#connection.isClosed) return;
    if (routingKey === GAP_KEY) this.#gaps.tell();
    else if (isEvent(body)) this.#listeners.dispatch(body);
    else this.#connection.logger.warn({ routingKey }, "a message that is no event came over the event bus");
  }

  /** Resolves when the broker knows, or when it is away: what it does not know it is told when it is back. */
  #bind(key: string): Promise<void> {
    const there = this.#bindings.get(key);
    if (there !== undefined) {
      there.count += 1;
      return there.bound;
    }
    const binding: Binding = { count: 1, bound: Promise.resolve() };
    this.#bindings.set(key, binding);
    if (this.#consuming?.channel.active === true) {
      const { channel, queue } = this.#consuming;
      const answer = channel.queueBind({ queue, exchange: this.#exchange, routingKey: key });
      binding.bound = this.#connection.answer(answer).catch(() => {});
    }
    return binding.bound;
  }

  #unbind(key: string): void {
    const binding = this.#bindings.get(key);
    if (binding === undefined) return;
    binding.count -= 1;
    if (binding.count > 0) return;
    this.#bindings.delete(key);
    if (this.#consuming?.channel.active !== true) return;
    const { channel, queue } = this.#consuming;
    const answer = channel.queueUnbind({ queue, exchange: this.#exchange, routingKey: key });
    // A queue that is bound to too much only gets events that nobody wants.
    this.#connection.answer(answer).catch(() => {});
  }

  /** False: it could not be sent. */
  #send(routingKey: string, body: PlatformEvent | string): boolean {
    const channel = this.#connection.isUp ? this.#publishing?.current : undefined;
    if (channel === undefined || this.#unsent >= MAX_UNSENT) return false;
    this.#unsent += 1;
    const envelope = { exchange: this.#exchange, routingKey, appId: this.#instanceId };
    channel
      .basicPublish(envelope, body)
      .catch(() => {
        this.#hasDropped = true;
      })
      .finally(() => {
        this.#unsent -= 1;
      });
    return true;
  }

  /** The other servers have missed something of ours. */
  #tellOfDropped(): void {
    if (this.#hasDropped) this.#hasDropped = !this.#send(GAP_KEY, "");
  }
}

function closed(): ExecError {
  return new ExecError("Transient", "The event bus is closed.");
}

function isEvent(body: unknown): body is PlatformEvent {
  return typeof body === "object" && body !== null && "type" in body && typeof body.type === "string";
}
