import type { Clock } from "../clock.ts";
import type { EventBus } from "../events/event-bus.ts";
import type { BuildLogRef } from "./log-sink.ts";

/** A log that grows all the time is told of this often. */
const EVERY_MS = 50;

interface Growing {
  readonly ref: BuildLogRef;
  endByte: number;
  /** Grown since it was last told. */
  news: boolean;
}

/** `log.grown` events: at once where a log was quiet, else a few times a second, and always for the last growth. */
export class GrownEvents {
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #growing = new Map<string, Growing>();
  #cancelTimer: (() => void) | undefined;

  constructor(events: EventBus, clock: Clock) {
    this.#events = events;
    this.#clock = clock;
  }

  grown(ref: BuildLogRef, endByte: number): void {
    const known = this.#growing.get(ref.id);
    if (known !== undefined) {
      known.endByte = endByte;
      known.news = true;
      return;
    }
    this.#growing.set(ref.id, { ref, endByte, news: false });
    this.#publish(ref, endByte, false);
    this.#cancelTimer ??= this.#clock.after(EVERY_MS, () => this.#tick());
  }

  /** Everything said is in the records. */
  ended(ref: BuildLogRef): void {
    const endByte = this.#growing.get(ref.id)?.endByte ?? 0;
    this.#growing.delete(ref.id);
    this.#publish(ref, endByte, true);
  }

  close(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const { ref, endByte, news } of this.#growing.values()) if (news) this.#publish(ref, endByte, false);
    this.#growing.clear();
  }

  #tick(): void {
    this.#cancelTimer = undefined;
    for (const [id, growing] of this.#growing) {
      if (growing.news) this.#publish(growing.ref, growing.endByte, false);
      else this.#growing.delete(id);
      growing.news = false;
    }
    if (this.#growing.size > 0) this.#cancelTimer = this.#clock.after(EVERY_MS, () => this.#tick());
  }

  #publish(ref: BuildLogRef, endByte: number, ended: boolean): void {
    this.#events.publish({ type: "log.grown", buildId: ref.buildId, stepId: ref.id, endByte, ended });
  }
}
