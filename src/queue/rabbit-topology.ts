import type { Channel } from "rabbitmq-client";
import type { RetryPolicy } from "./retry-policy.ts";

/**
 * The queues in RabbitMQ, all durable quorum queues, so that they live on as many nodes as the cluster has:
 *
 * - `PREFIX.builds`: what waits. What the broker itself gives up (`delivery-limit` of RabbitMQ 4) goes to the dead letters.
 * - `PREFIX.builds.retry.MS`: one for each delay, consumed by nobody. A message whose time is over goes back to the
 *   first. One queue a delay, as a queue lets messages go by their order, not by their age; and no plugin is needed.
 * - `PREFIX.builds.dead`: dead letters.
 *
 * From one to the other the broker moves messages *at least once* (RabbitMQ 3.10 and newer). One thing was seen with 3.10
 * all the same: of a broker that is killed, a message whose delay ends while it is away does not come back by itself, with
 * the other strategy (at most once) neither. Its build still waits in the records, and the sweeper publishes it again.
 */
export interface RabbitTopology {
  readonly ready: string;
  readonly dead: string;
  readonly delayed: readonly string[];
  delay(delayMs: number): string;
  /** Makes what is not there yet. Fails with `PRECONDITION_FAILED` where a queue has other settings. */
  declare(channel: Channel): Promise<void>;
}

/** The broker's own limit of deliveries must not end a dead letter that was looked at often. */
const NEVER = 1_000_000_000;

export function rabbitTopology(prefix: string, { delaysMs }: RetryPolicy): RabbitTopology {
  const ready = `${prefix}.builds`;
  const dead = `${ready}.dead`;
  const delay = (delayMs: number) => `${ready}.retry.${delayMs}`;
  const delays = [...new Set(delaysMs)];
  const declareQueue = (channel: Channel, queue: string, settings: { [name: string]: unknown }) =>
    channel.queueDeclare({ queue, durable: true, arguments: { "x-queue-type": "quorum", ...settings } });
  const deadLettersTo = (queue: string) => ({
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": queue,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
  });
  return {
    ready,
    dead,
    delayed: delays.map(delay),
    delay,
    async declare(channel) {
      await declareQueue(channel, dead, { "x-delivery-limit": NEVER });
      await declareQueue(channel, ready, deadLettersTo(dead));
      for (const delayMs of delays) {
        await declareQueue(channel, delay(delayMs), { "x-message-ttl": delayMs, ...deadLettersTo(ready) });
      }
    },
  };
}
