import type { Event } from "kubernetes-types/core/v1.js";
import type { Clock } from "../../clock.ts";
import type { KubeClient } from "./kube-client.ts";

export interface EventLooksOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvents: (events: readonly Event[]) => void;
}

/**
 * So long after a job last moved its events are looked at, again and again while nothing moves; the last one holds on. What
 * goes well is so looked at once or not at all, and what hangs is told within five seconds.
 */
const LOOKS_MS = [2_000, 4_000, 30_000];

/** Looks at the events of a pod, or of a Job that has none, while they are worth a look: events are too many to be watched. */
export class EventLooks {
  readonly #options: EventLooksOptions;
  #uid: string | undefined;
  #takeBack: (() => void) | undefined;
  #looks = 0;
  #busy = false;

  constructor(options: EventLooksOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.rest(), { once: true });
  }

  /** The object of this uid moved, and it is not yet over. */
  moved(uid: string): void {
    this.#uid = uid;
    this.#looks = 0;
    this.#plan();
  }

  /** Nothing is waited for. */
  rest(): void {
    this.#takeBack?.();
    this.#takeBack = undefined;
    this.#uid = undefined;
  }

  /** Looks once, now; without events if the cluster does not answer. */
  async look(uid: string): Promise<readonly Event[]> {
    const { client, namespace, signal, onEvents } = this.#options;
    try {
      const fields = `involvedObject.uid=${uid}`;
      const { items } = await client.list("events", namespace, { fields }, signal);
      if (!signal.aborted) onEvents(items);
      return items;
    } catch {
      // Events only explain; what happens is seen on the pod.
      return [];
    }
  }

  #plan(): void {
    this.#takeBack?.();
    const delay = LOOKS_MS[Math.min(this.#looks, LOOKS_MS.length - 1)] ?? 0;
    this.#takeBack = this.#options.clock.after(delay, () => void this.#tick());
  }

  async #tick(): Promise<void> {
    const uid = this.#uid;
    if (uid === undefined) return;
    this.#looks += 1;
    if (!this.#busy) {
      this.#busy = true;
      await this.look(uid);
      this.#busy = false;
    }
    if (this.#uid === uid && !this.#options.signal.aborted) this.#plan();
  }
}
