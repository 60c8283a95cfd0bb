import type { EventBus, Subscription } from "../../events/event-bus.ts";
import type { RunnerName } from "../../store/runner-store.ts";

/** Who waits in this process for commands of one job or another: thousands, by one subscription. */
export class CommandListeners {
  readonly #events: EventBus;
  readonly #wakes = new Map<string, Set<() => void>>();
  #subscriptions: readonly Promise<Subscription | undefined>[] | undefined;

  constructor(events: EventBus) {
    this.#events = events;
  }

  add(runner: RunnerName, wake: () => void): () => void {
    this.#subscriptions ??= this.#subscribe();
    const key = keyOf(runner);
    const wakes = this.#wakes.get(key) ?? new Set();
    this.#wakes.set(key, wakes.add(wake));
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.#wakes.get(key) === wakes) this.#wakes.delete(key);
    };
  }

  async close(): Promise<void> {
    for (const subscription of (await Promise.all(this.#subscriptions ?? [])) ?? [])
      subscription?.unsubscribe();
  }

  /** A request that misses an event is answered when its time is over, and the next one finds what there is. */
  #subscribe(): readonly Promise<Subscription | undefined>[] {
    const told = this.#events.subscribe({ types: ["runner.command"] }, (event) => {
      if (event.type === "runner.command") this.#tell(this.#wakes.get(keyOf(event)));
    });
    const gaps = this.#events.onGap(() => {
      for (const wakes of [...this.#wakes.values()]) this.#tell(wakes);
    });
    return [
      told.catch(() => {
        this.#subscriptions = undefined;
        return undefined;
      }),
      Promise.resolve(gaps),
    ];
  }

  #tell(wakes: ReadonlySet<() => void> | undefined): void {
    for (const wake of [...(wakes ?? [])]) wake();
  }
}

function keyOf({ buildId, jobKey, attempt }: RunnerName): string {
  return JSON.stringify([buildId, jobKey, attempt]);
}
