import type { Clock } from "../../clock.ts";
import type { BuildConsumer, BuildHandler, QueueClient } from "../../queue/queue-client.ts";
import type { Logger } from "../../telemetry/logger.ts";

export interface TicketConsumerOptions {
  readonly queue: QueueClient;
  readonly prefetch: number;
  readonly handler: BuildHandler;
  readonly clock: Clock;
  readonly logger: Logger;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Takes tickets from the queue while they are wanted; begins and stops in the background, one thing at a time. */
export class TicketConsumer {
  readonly #options: TicketConsumerOptions;
  #wanted = false;
  #closed = false;
  #consumer: BuildConsumer | undefined;
  #working: Promise<void> | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #endPause: (() => void) | undefined;

  constructor(options: TicketConsumerOptions) {
    this.#options = options;
  }

  /** Resolves once it is so, or could not be made so now (it is tried again). Never rejects. */
  async want(wanted: boolean): Promise<void> {
    this.#wanted = wanted;
    await this.#work();
  }

  /** Something that every ticket needs is away: takes none for a while, longer each time until `recovered`. */
  pause(): void {
    if (this.#endPause !== undefined || this.#closed) return;
    this.#endPause = this.#options.clock.after(this.#pauseMs, () => {
      this.#endPause = undefined;
      void this.#work();
    });
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
    void this.#work();
  }

  recovered(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
  }

  /** Takes none any more; resolves once every handler has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endPause?.();
    await this.#work();
  }

  async #work(): Promise<void> {
    if (this.#working !== undefined) return await this.#working;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#working = promise;
    while (this.#takes !== (this.#consumer !== undefined)) await this.#settle();
    this.#working = undefined;
    resolve();
  }

  get #takes(): boolean {
    return this.#wanted && !this.#closed && this.#endPause === undefined;
  }

  async #settle(): Promise<void> {
    const { queue, prefetch, handler, logger } = this.#options;
    const consumer = this.#consumer;
    this.#consumer = undefined;
    try {
      if (consumer === undefined) this.#consumer = await queue.consumeBuilds({ prefetch }, handler);
      else await consumer.stop();
    } catch (error) {
      logger.warn({ error }, "the queue cannot be consumed now");
      this.pause();
    }
  }
}
