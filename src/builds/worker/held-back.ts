import type { Clock } from "../../clock.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { BuildStore, ClaimedBuild } from "../../store/build-store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Places } from "./places.ts";

export interface HeldBackOptions {
  readonly builds: Pick<BuildStore, "unowned">;
  readonly queue: Pick<QueueClient, "publishBuild">;
  readonly places: Places;
  /** Claims the fairest build, with a place that was taken for it. */
  readonly claim: () => Promise<ClaimedBuild | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Remembers that builds wait whose tickets are used up, as a quota held them back; and gives them their turn, here or
 * on another worker, when a build has ended anywhere.
 */
export class HeldBack {
  readonly #options: HeldBackOptions;
  #any = false;
  #freed = 0;
  #claiming: Promise<void> | undefined;

  constructor(options: HeldBackOptions) {
    this.#options = options;
  }

  get any(): boolean {
    return this.#any;
  }

  /** Counts the ends of builds. */
  get freed(): number {
    return this.#freed;
  }

  /** A claim gave nothing though a build waits. `freed`, from before the claim: an end in between is not overlooked. */
  note(freed: number): void {
    this.#any = true;
    if (this.#freed !== freed) this.#claim();
  }

  /** A build has ended, here or elsewhere: a quota may have room now. */
  onFreed(): void {
    this.#freed += 1;
    if (!this.#any) return;
    if (this.#options.places.free > 0) this.#claim();
    else void this.offer();
  }

  /** Somebody else may have a place for what waits. Never rejects. */
  async offer(): Promise<void> {
    if (!this.#any) return;
    const { queue, logger } = this.#options;
    try {
      const first = await this.#first();
      if (first === undefined) this.#any = false;
      else await queue.publishBuild({ buildId: first.id, projectId: first.projectId });
    } catch (error) {
      logger.warn({ error }, "what waits could not be offered to other workers");
    }
  }

  /** Resolves once no claim of it is under way. */
  async settled(): Promise<void> {
    await this.#claiming;
  }

  #claim(): void {
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined;
    });
  }

  /** Until nothing more can be claimed. Never rejects. */
  async #claimAll(): Promise<void> {
    const { places, claim, logger } = this.#options;
    let seen: number;
    try {
      do {
        seen = this.#freed;
        while (this.#any && places.takeNow()) {
          let claimed: ClaimedBuild | undefined;
          try {
            claimed = await claim();
          } finally {
            if (claimed === undefined) places.give();
          }
          if (claimed !== undefined) continue;
          if ((await this.#first()) === undefined) this.#any = false;
          break;
        }
      } while (seen !== this.#freed);
    } catch (error) {
      logger.warn({ error }, "what waits could not be claimed");
    }
  }

  async #first() {
    const { builds, clock } = this.#options;
    return (await builds.unowned(clock.now() + 1, 1))[0];
  }
}
