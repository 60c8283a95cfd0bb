import type { Clock } from "../clock.ts";
import type { EventBus, Subscription } from "../events/event-bus.ts";
import type { LogRef, LogRow } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { LogFeed } from "./log-feed.ts";

export interface LogHubOptions {
  readonly store: Pick<Store, "logs" | "builds">;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

interface Listening {
  readonly feeds: Map<string, LogFeed>;
  subscription: Subscription | undefined;
}

/** The logs that are followed in this process, and the events that tell of them: one subscription a build. */
export class LogHub {
  readonly #options: LogHubOptions;
  readonly #feeds = new Map<string, LogFeed>();
  readonly #builds = new Map<string, Listening>();
  readonly #gaps: Subscription;
  #followers = 0;

  constructor(options: LogHubOptions) {
    this.#options = options;
    this.#gaps = options.events.onGap(() => {
      for (const feed of this.#feeds.values()) feed.changed();
    });
  }

  /** Give it back with `leave`. */
  join(ref: LogRef, buildId: string): LogFeed {
    const { store, clock } = this.#options;
    const feed = this.#feeds.get(ref.id) ?? new LogFeed(ref, store, clock);
    this.#feeds.set(ref.id, feed);
    this.#listen(ref.id, buildId, feed);
    feed.join();
    this.#count(1);
    return feed;
  }

  leave(ref: LogRef, buildId: string): void {
    const feed = this.#feeds.get(ref.id);
    if (feed === undefined) return;
    this.#count(-1);
    if (!feed.leave()) return;
    this.#feeds.delete(ref.id);
    const listening = this.#builds.get(buildId);
    listening?.feeds.delete(ref.id);
    if (listening?.feeds.size !== 0) return;
    listening.subscription?.unsubscribe();
    this.#builds.delete(buildId);
  }

  /** Rows this process has just written: its own followers need neither event nor read. */
  offer(ref: LogRef, rows: readonly LogRow[]): void {
    this.#feeds.get(ref.id)?.offer(rows);
  }

  ended(ref: LogRef): void {
    this.#feeds.get(ref.id)?.changed(true);
  }

  /** Whoever still follows looks again: the log is kept elsewhere now. */
  sealed(ref: LogRef): void {
    this.#feeds.get(ref.id)?.changed(true);
  }

  close(): void {
    this.#gaps.unsubscribe();
    for (const listening of this.#builds.values()) listening.subscription?.unsubscribe();
  }

  #count(by: number): void {
    this.#followers += by;
    this.#options.metrics.set("slipway_log_followers", this.#followers);
  }

  #listen(stepId: string, buildId: string, feed: LogFeed): void {
    const known = this.#builds.get(buildId);
    if (known !== undefined) {
      known.feeds.set(stepId, feed);
      return;
    }
    const listening: Listening = { feeds: new Map([[stepId, feed]]), subscription: undefined };
    this.#builds.set(buildId, listening);
    void this.#subscribe(buildId, listening);
  }

  async #subscribe(buildId: string, listening: Listening): Promise<void> {
    try {
      const subscription = await this.#options.events.subscribe(
        { types: ["log.grown"], buildId },
        (event) => {
          if (event.type === "log.grown")
            listening.feeds.get(event.stepId)?.heardOf(event.endByte, event.ended);
        },
      );
      if (this.#builds.get(buildId) !== listening) return subscription.unsubscribe();
      listening.subscription = subscription;
      // What grew before it was listening.
      for (const feed of listening.feeds.values()) feed.changed();
    } catch {
      // The slow look at the records goes on.
    }
  }
}
