import type { Clock } from "../../clock.ts";
import { isFinal } from "../../status.ts";
import type { BuildLease } from "../../store/build-record.ts";
import type { BuildStore } from "../../store/build-store.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";

export interface LeaseKeeperOptions {
  readonly owner: string;
  readonly builds: Pick<BuildStore, "heartbeat" | "cancelWishes" | "get">;
  readonly leaseMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** End what runs of it. Called once a lease. */
  readonly onLost: (lease: BuildLease, how: LostLease) => void;
  /** Somebody asked for a cancel. May be called again and again. */
  readonly onCancel: (buildId: string, reason: string) => void;
}

/** `taken`: another worker has it. `unprolonged`: another may soon have it, as the records could not be reached. */
export type LostLease = "taken" | "unprolonged";

interface Held {
  readonly lease: BuildLease;
  /** On the monotonic clock: nobody else may have the build before then. */
  validUntil: number;
  /** Since when the records say that it is not ours though it has ended: ours to end, most likely. */
  endedSince: number | undefined;
}

/**
 * Keeps the leases of a worker alive, all in one call, ten times in a lease: so a database that is away for two thirds
 * of it costs no build. What could not be prolonged is given up while there is still time to end its jobs before
 * another worker may begin them. Only the monotonic clock counts, and from before a call was made: neither a wall clock
 * that is set nor an answer that took long makes a lease look longer than it is.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #held = new Map<string, Held>();
  #beating: Promise<void> | undefined;
  #beatAgain = false;
  #stopBeat: (() => void) | undefined;
  #stopWatch: (() => void) | undefined;
  #stopped = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
  }

  /** `claimedAt`: on the monotonic clock, before the claim was asked for. */
  keep(lease: BuildLease, claimedAt: number): void {
    this.#held.set(lease.buildId, {
      lease,
      validUntil: claimedAt + this.#options.leaseMs,
      endedSince: undefined,
    });
    this.#count();
    this.#planBeat(this.#beatMs);
    this.#watch();
  }

  /** The build has ended, or was given back. A newer lease of the same build stays. */
  drop(lease: BuildLease): void {
    if (this.#held.get(lease.buildId)?.lease.fence === lease.fence) this.#held.delete(lease.buildId);
    this.#count();
    this.#watch();
  }

  /** Looks at once: something may have been missed. Never rejects. */
  async look(): Promise<void> {
    if (this.#beating !== undefined) this.#beatAgain = true;
    this.#beating ??= this.#beatInTime().finally(() => {
      this.#beating = undefined;
      const again = this.#beatAgain;
      this.#beatAgain = false;
      if (again) void this.look();
    });
    await this.#beating;
  }

  stop(): void {
    this.#stopped = true;
    this.#held.clear();
    this.#count();
    this.#stopBeat?.();
    this.#stopWatch?.();
  }

  get #beatMs(): number {
    return this.#options.leaseMs / 10;
  }

  #planBeat(delayMs: number): void {
    if (this.#stopBeat !== undefined || this.#stopped || this.#held.size === 0) return;
    this.#stopBeat = this.#options.clock.after(delayMs, () => {
      this.#stopBeat = undefined;
      void this.look();
    });
  }

  /** A call that is never answered (a connection that is only half there) must not be the last one. */
  async #beatInTime(): Promise<void> {
    const { clock, leaseMs, logger, owner } = this.#options;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = clock.after(leaseMs / 3, () => {
      logger.warn({ owner }, "no answer came to a heartbeat");
      resolve();
      this.#planBeat(0);
    });
    void this.#beat().then(resolve);
    await promise;
    stop();
  }

  async #beat(): Promise<void> {
    const { owner, builds, leaseMs, clock, logger } = this.#options;
    const held = [...this.#held.values()];
    if (held.length === 0) return;
    const askedAt = clock.monotonic();
    let next = this.#beatMs;
    try {
      const lost = await builds.heartbeat(
        owner,
        held.map(({ lease }) => lease),
        leaseMs,
      );
      const gone = new Map(lost.map(({ buildId, fence }) => [buildId, fence]));
      for (const each of held) {
        const { buildId, fence } = each.lease;
        if (gone.get(buildId) !== fence) each.validUntil = Math.max(each.validUntil, askedAt + leaseMs);
      }
      this.#watch();
      for (const each of held) {
        if (gone.get(each.lease.buildId) === each.lease.fence) await this.#missing(each);
      }
      for (const { buildId, reason } of await builds.cancelWishes([...this.#held.keys()]))
        this.#options.onCancel(buildId, reason);
    } catch (error) {
      next /= 5;
      logger.warn({ owner, leases: held.length, error }, "leases could not be prolonged");
    }
    this.#planBeat(next);
  }

  /** Said to be not ours. A build that this worker has just ended itself has no lease either: that is no loss. */
  async #missing(held: Held): Promise<void> {
    const { builds, clock, leaseMs } = this.#options;
    const { status } = await builds.get(held.lease.buildId);
    held.endedSince ??= isFinal(status) ? clock.monotonic() : undefined;
    if (held.endedSince !== undefined && clock.monotonic() - held.endedSince < leaseMs) {
      held.validUntil = held.endedSince + 2 * leaseMs;
      return;
    }
    this.#lose(held, "taken");
  }

  #lose(held: Held, how: LostLease): void {
    if (this.#held.get(held.lease.buildId) !== held) return;
    this.#held.delete(held.lease.buildId);
    this.#options.metrics.count("slipway_leases_lost_total");
    this.#count();
    this.#options.onLost(held.lease, how);
  }

  /** One timer for the lease that ends first. */
  #watch(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    if (this.#stopped || this.#held.size === 0) return;
    const { clock, leaseMs } = this.#options;
    // What ends the jobs needs time too.
    const giveUpAt = ({ validUntil }: Held) => validUntil - leaseMs / 6;
    let first = Number.POSITIVE_INFINITY;
    for (const held of this.#held.values()) first = Math.min(first, giveUpAt(held));
    this.#stopWatch = clock.after(Math.max(0, first - clock.monotonic()), () => {
      const now = clock.monotonic();
      for (const held of [...this.#held.values()]) if (giveUpAt(held) <= now) this.#lose(held, "unprolonged");
      this.#watch();
    });
  }

  #count(): void {
    this.#options.metrics.set("slipway_leases", this.#held.size);
  }
}
