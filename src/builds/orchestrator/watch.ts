import type { Clock } from "../../clock.ts";
import type { EventBus, EventFilter, Subscription } from "../../events/event-bus.ts";
import type { PlatformEvent } from "../../events/platform-event.ts";

export interface WatchOptions {
  readonly events: EventBus;
  readonly clock: Clock;
  readonly filter: EventFilter;
  /** Absent: every event of the filter. */
  readonly concerns?: (event: PlatformEvent) => boolean;
  /** At the latest so long after the last look there is another, as events may be lost. */
  readonly everyMs: number;
  /** Looks at the records. Never two at once; must not reject. */
  readonly look: () => Promise<void>;
}

/** Looks at the records when an event says that there may be something new, and now and then. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #subscriptions = new Set<Subscription>();
  #running = false;
  #looking = false;
  #again = false;
  #stopTimer: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Idempotent. The first look is once events are listened to: what was before is not missed. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { events, filter, concerns } = this.#options;
    const keep = (subscription: Subscription) => {
      if (this.#running) this.#subscriptions.add(subscription);
      else subscription.unsubscribe();
    };
    keep(events.onGap(() => this.wake()));
    const listening = events.subscribe(filter, (event) => {
      if (concerns === undefined || concerns(event)) this.wake();
    });
    // Without events there is the timer.
    void listening.then(keep, () => {}).then(() => this.wake());
    this.#arm();
  }

  /** Idempotent. */
  stop(): void {
    this.#running = false;
    this.#stopTimer?.();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#subscriptions.clear();
  }

  wake(): void {
    if (!this.#running) return;
    if (this.#looking) this.#again = true;
    else void this.#look();
  }

  async #look(): Promise<void> {
    this.#looking = true;
    do {
      this.#again = false;
      await this.#options.look();
    } while (this.#again && this.#running);
    this.#looking = false;
    if (this.#running) this.#arm();
  }

  #arm(): void {
    this.#stopTimer?.();
    this.#stopTimer = this.#options.clock.after(this.#options.everyMs, () => this.wake());
  }
}
