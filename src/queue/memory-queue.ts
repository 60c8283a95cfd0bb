import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { Logger } from "../telemetry/logger.ts";
import type {
  BuildConsumer,
  BuildHandler,
  BuildMessage,
  ConsumeOptions,
  DeadLetter,
  QueueClient,
  QueueStats,
} from "./queue-client.ts";
import { DEFAULT_RETRY_POLICY, delayAfter, type RetryPolicy } from "./retry-policy.ts";
import { runHandler, type Settlement } from "./run-handler.ts";

export interface MemoryQueueOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retry?: RetryPolicy;
}

interface Waiting {
  readonly message: BuildMessage;
  /** Deliveries before this one. */
  readonly deliveries: number;
}

interface Consumer {
  readonly prefetch: number;
  readonly handler: BuildHandler;
  readonly running: Set<Promise<void>>;
  unsettled: number;
}

/** As many dead letters are kept; the oldest go first. The records have what their builds became. */
const MAX_DEAD = 10_000;

/** The queue of a server of one process. It goes with the process, and is refilled from the records at the next start. */
export class MemoryQueue implements QueueClient {
  readonly name = "memory";
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #retry: RetryPolicy;
  /** First in, first out: a `Set` gives its oldest in constant time, however many there are. */
  readonly #ready = new Set<Waiting>();
  readonly #delayed = new Map<Waiting, () => void>();
  readonly #dead: DeadLetter[] = [];
  readonly #consumers: Consumer[] = [];
  #unsettled = 0;
  #closed = false;

  constructor({ clock, logger, retry = DEFAULT_RETRY_POLICY }: MemoryQueueOptions) {
    this.#clock = clock;
    this.#logger = logger;
    this.#retry = retry;
  }

  async publishBuild({ buildId, projectId }: BuildMessage): Promise<void> {
    this.#refuseClosed();
    this.#ready.add({ message: { buildId, projectId }, deliveries: 0 });
    this.#dispatch();
  }

  async consumeBuilds({ prefetch }: ConsumeOptions, handler: BuildHandler): Promise<BuildConsumer> {
    this.#refuseClosed();
    const consumer: Consumer = { prefetch, handler, running: new Set(), unsettled: 0 };
    this.#consumers.push(consumer);
    this.#dispatch();
    return {
      stop: async () => {
        const index = this.#consumers.indexOf(consumer);
        if (index >= 0) this.#consumers.splice(index, 1);
        await Promise.all(consumer.running);
      },
    };
  }

  async stats(): Promise<QueueStats> {
    return {
      ready: this.#ready.size,
      unsettled: this.#unsettled,
      delayed: this.#delayed.size,
      dead: this.#dead.length,
    };
  }

  async deadLetters(limit: number): Promise<readonly DeadLetter[]> {
    return this.#dead.slice(0, limit);
  }

  async requeue(buildId?: string): Promise<number> {
    this.#refuseClosed();
    const isWanted = ({ message }: DeadLetter) => buildId === undefined || message?.buildId === buildId;
    const wanted = this.#dead.filter(isWanted);
    const others = this.#dead.filter((letter) => !isWanted(letter));
    this.#dead.splice(0, this.#dead.length, ...others);
    for (const { message } of wanted) if (message) this.#ready.add({ message, deliveries: 0 });
    this.#dispatch();
    return wanted.length;
  }

  async ping(): Promise<void> {
    this.#refuseClosed();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#ready.clear();
    const consumers = this.#consumers.splice(0);
    await Promise.all(consumers.flatMap(({ running }) => [...running]));
  }

  #refuseClosed(): void {
    if (this.#closed) throw new ExecError("Transient", "The build queue is closed.");
  }

  /** Hands out what waits, to each consumer with a free place in turn. */
  #dispatch(): void {
    for (const waiting of this.#ready) {
      const index = this.#consumers.findIndex(({ unsettled, prefetch }) => unsettled < prefetch);
      const [consumer] = index < 0 ? [] : this.#consumers.splice(index, 1);
      if (consumer === undefined) return;
      this.#consumers.push(consumer);
      this.#ready.delete(waiting);
      this.#deliver(consumer, waiting);
    }
  }

  #deliver(consumer: Consumer, waiting: Waiting): void {
    consumer.unsettled += 1;
    this.#unsettled += 1;
    const delivery = waiting.deliveries + 1;
    const running = Promise.resolve()
      .then(() =>
        runHandler({
          message: waiting.message,
          delivery,
          handler: consumer.handler,
          logger: this.#logger,
          settle: async (settlement) => {
            consumer.unsettled -= 1;
            this.#unsettled -= 1;
            this.#settle(waiting.message, delivery, settlement);
            this.#dispatch();
          },
        }),
      )
      .finally(() => consumer.running.delete(running));
    consumer.running.add(running);
  }

  #settle(message: BuildMessage, delivery: number, settlement: Settlement): void {
    if (settlement.kind === "ack" || this.#closed) return;
    const delayMs = settlement.kind === "retry" ? delayAfter(this.#retry, delivery) : undefined;
    if (delayMs === undefined) {
      const { reason } = settlement;
      this.#logger.error({ buildId: message.buildId, delivery, reason }, "a build message is a dead letter");
      this.#dead.push({ message, reason, deliveries: delivery, at: this.#clock.now() });
      if (this.#dead.length > MAX_DEAD) this.#dead.shift();
      return;
    }
    const waiting: Waiting = { message, deliveries: delivery };
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(waiting);
      this.#ready.add(waiting);
      this.#dispatch();
    });
    this.#delayed.set(waiting, cancel);
  }
}
