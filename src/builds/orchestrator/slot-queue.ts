import type { Clock } from "../../clock.ts";
import type { EventBus } from "../../events/event-bus.ts";
import type { BuildLease } from "../../store/build-record.ts";
import type { SlotStore } from "../../store/slot-store.ts";
import { type Patience, untilReached } from "./until-reached.ts";
import { Watch } from "./watch.ts";

export interface SlotQueueOptions {
  readonly slots: SlotStore;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly lease: BuildLease;
  readonly projectId: string;
  /** Infinity: no limit. */
  readonly maxJobs: number;
  readonly maxJobsOfProject: number;
}

interface Waiting {
  readonly jobKey: string;
  readonly entered: PromiseWithResolvers<boolean>;
  readonly onWaiting: () => void;
  told: boolean;
}

/** Events tell of every slot that is given back; this is for those that get lost. */
const LOOK_EVERY_MS = 5_000;

/** The jobs of one build that wait for room on the server, in the order they came. */
export class SlotQueue {
  readonly #options: SlotQueueOptions;
  readonly #waiting = new Set<Waiting>();
  readonly #taken = new Set<string>();
  readonly #watch: Watch;
  #filling = false;
  #again = false;

  constructor(options: SlotQueueOptions) {
    this.#options = options;
    const { events, clock } = options;
    this.#watch = new Watch({
      events,
      clock,
      filter: { types: ["slot.freed"] },
      everyMs: LOOK_EVERY_MS,
      look: () => this.#fill(),
    });
  }

  /** True once the job may start; false where `signal` aborted before. `onWaiting` is called where it has to wait. */
  take(jobKey: string, signal: AbortSignal, onWaiting: () => void): Promise<boolean> {
    const { maxJobs, maxJobsOfProject } = this.#options;
    if (signal.aborted) return Promise.resolve(false);
    if (maxJobs === Number.POSITIVE_INFINITY && maxJobsOfProject === maxJobs) return Promise.resolve(true);
    const waiting: Waiting = { jobKey, entered: Promise.withResolvers(), onWaiting, told: false };
    this.#waiting.add(waiting);
    const leave = () => {
      this.#waiting.delete(waiting);
      waiting.entered.resolve(false);
    };
    signal.addEventListener("abort", leave, { once: true });
    void this.#fill();
    return waiting.entered.promise.finally(() => signal.removeEventListener("abort", leave));
  }

  /** The job has ended: another may take its place. Idempotent. */
  async give(jobKey: string): Promise<void> {
    if (!this.#taken.delete(jobKey)) return;
    const { slots, lease, patience } = this.#options;
    await untilReached(patience, () => slots.give(lease.buildId, jobKey));
    this.freed();
  }

  /** A job that a build which is resumed had started has its slot. */
  keep(jobKey: string): void {
    this.#taken.add(jobKey);
  }

  /** Tells those that wait that there is room. */
  freed(): void {
    this.#options.events.publish({ type: "slot.freed", projectId: this.#options.projectId });
  }

  stop(): void {
    this.#watch.stop();
    for (const { entered } of this.#waiting) entered.resolve(false);
    this.#waiting.clear();
  }

  async #fill(): Promise<void> {
    this.#again = true;
    if (this.#filling) return;
    this.#filling = true;
    try {
      // Who asks meanwhile, or hears of a slot, is not forgotten.
      while (this.#again) {
        this.#again = false;
        for (const waiting of this.#waiting) {
          if (!(await this.#enter(waiting))) break;
        }
      }
    } catch (error) {
      for (const { entered } of this.#waiting) entered.reject(error);
      this.#waiting.clear();
    } finally {
      this.#filling = false;
    }
    if (this.#waiting.size === 0) {
      this.#watch.stop();
      return;
    }
    for (const waiting of this.#waiting) {
      if (!waiting.told) waiting.onWaiting();
      waiting.told = true;
    }
    this.#watch.start();
  }

  async #enter(waiting: Waiting): Promise<boolean> {
    const { slots, lease, projectId, maxJobs, maxJobsOfProject, patience } = this.#options;
    const { jobKey, entered } = waiting;
    const request = {
      projectId,
      jobKey,
      maxJobs: whole(maxJobs),
      maxJobsOfProject: whole(maxJobsOfProject),
    };
    this.#taken.add(jobKey);
    if (!(await untilReached(patience, () => slots.take(lease, request)))) {
      this.#taken.delete(jobKey);
      return false;
    }
    // Whoever gave up meanwhile gives it back with the end of the job.
    if (this.#waiting.delete(waiting)) entered.resolve(true);
    else await this.give(jobKey);
    return true;
  }
}

function whole(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
