/**
 * Builds that wait for a worker. At least once: a message may come twice, and out of order; the records decide who runs
 * a build. A message that is neither acked nor nacked when its consumer goes comes again.
 *
 * Errors are `ExecError` `Transient` where the broker cannot be reached. A consumer outlives that: it comes back by itself.
 */
export interface QueueClient {
  readonly name: "memory" | "rabbitmq";

  /** Resolves once the queue has the message for good. */
  publishBuild(message: BuildMessage): Promise<void>;

  /**
   * Calls `handler` for each message, at most `prefetch` unsettled at once, in the order they came as far as it goes.
   * A handler that rejects nacks: with `ExecError` `Transient` the message comes again later, with growing delay, until
   * `maxDeliveries`, then it is a dead letter; with any other error it is a dead letter at once.
   */
  consumeBuilds(options: ConsumeOptions, handler: BuildHandler): Promise<BuildConsumer>;

  /** Messages that wait, and the dead letters: for people and for metrics. */
  stats(): Promise<QueueStats>;
  /** Dead letters, oldest first; they stay. */
  deadLetters(limit: number): Promise<readonly DeadLetter[]>;
  /** Puts dead letters back into the queue as new; gives how many. Absent `buildId`: all that can be read. */
  requeue(buildId?: string): Promise<number>;

  /** Rejects with `Transient` where the broker does not answer. */
  ping(): Promise<void>;
  /** Stops the consumers, with their handlers' ends, first. Idempotent. */
  close(): Promise<void>;
}

export interface BuildMessage {
  readonly buildId: string;
  readonly projectId: string;
}

export interface ConsumeOptions {
  readonly prefetch: number;
}

export type BuildHandler = (delivery: BuildDelivery) => Promise<void>;

/** Settled by `ack` or `nack`, by what comes first; else by how the handler ends (resolved: ack). */
export interface BuildDelivery {
  readonly message: BuildMessage;
  /** Counted from 1. */
  readonly delivery: number;
  /** Never rejects: where the broker cannot be told, the message comes again, as every message may. */
  ack(): Promise<void>;
  /** `retry`: comes again after the delay of this delivery, or becomes a dead letter. `dead`: a dead letter at once. Never rejects. */
  nack(how: "retry" | "dead", reason: string): Promise<void>;
}

export interface BuildConsumer {
  /** Takes no new message from now on; resolves once every handler has ended. */
  stop(): Promise<void>;
}

export interface QueueStats {
  readonly ready: number;
  /** With the consumers of this process. */
  readonly unsettled: number;
  /** Waiting for another try. */
  readonly delayed: number;
  readonly dead: number;
}

export interface DeadLetter {
  /** Undefined: it could not be read (`raw`). */
  readonly message?: BuildMessage;
  readonly raw?: string;
  readonly reason: string;
  readonly deliveries: number;
  readonly at: number;
}
