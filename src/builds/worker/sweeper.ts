import type { UnownedBuild } from "../../store/build-store.ts";
import type { SweeperOptions } from "./sweeper-options.ts";

const INTERVAL_MS = 15_000;
const STALE_MS = 60_000;
/** Longer than the publishing of a new build may take: the queue did not have its message. */
const UNPUBLISHED_MS = 10_000;
const BATCH = 100;
/** At the start, when nothing else is to be done. */
const RECOVER_BATCH = 1_000;

/**
 * The net below the queue and the events: publishes builds whose message may be lost or whose worker is, lets go of
 * concurrency groups that ended builds hold, and ends approvals whose time is over. Any number of sweepers may run:
 * what two of them do twice changes nothing.
 */
export class Sweeper {
  readonly #options: SweeperOptions;
  #stopTimer: (() => void) | undefined;
  #sweeping: Promise<void> | undefined;
  #stopped = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
  }

  /**
   * What a server does before it is ready. A queue in this process has nothing yet: every build that waits is published
   * (and those that a worker of an earlier process of this store ran, where `alone`); of one that outlives processes only
   * what looks lost is. Rejects with `Transient` where records or queue are away.
   */
  async recover({ alone }: { readonly alone: boolean }): Promise<void> {
    const { store, queue, clock, logger } = this.#options;
    if (alone) {
      const builds = await store.builds.releaseAll();
      if (builds > 0) logger.info({ builds }, "builds of an earlier process are taken over");
    }
    if (queue.name === "memory") await this.#publishAll(clock.now() + 1);
    await this.sweep();
  }

  start(): void {
    this.#plan();
  }

  /** Resolves once no sweep is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopTimer?.();
    await this.#sweeping;
  }

  /** One round. Rejects where a part of it failed, after the other parts. */
  async sweep(): Promise<void> {
    const rounds = [this.#publishLost(), this.#sweepGroups(), this.#expireApprovals()];
    const failed = (await Promise.allSettled(rounds)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
  }

  #plan(): void {
    if (this.#stopped) return;
    const { clock, logger, intervalMs = INTERVAL_MS } = this.#options;
    this.#stopTimer = clock.after(intervalMs, () => {
      this.#sweeping = this.sweep()
        .catch((error: unknown) => logger.warn({ error }, "a sweep failed; the next one will do its work"))
        .then(() => this.#plan());
    });
  }

  /**
   * Tickets are as good as each other, so there need be no more of them than builds that wait: where a long queue of
   * builds waits for workers or quotas, nothing is published again and again.
   */
  async #publishLost(): Promise<void> {
    const { store, queue, clock, staleMs = STALE_MS, batch = BATCH } = this.#options;
    const unpublishedBefore = clock.now() - Math.min(UNPUBLISHED_MS, staleMs);
    const found = await store.builds.unowned(clock.now() - staleMs, batch, unpublishedBefore);
    if (found.length === 0) return;
    const [{ ready, delayed }, { pending, queued }] = await Promise.all([
      queue.stats(),
      store.builds.counts(),
    ]);
    const lapsed = found.filter(({ status }) => status === "running");
    const missing = Math.max(0, pending + queued + lapsed.length - ready - delayed);
    // Those whose worker is lost first: they have waited longest.
    const waiting = found.filter(({ status }) => status !== "running");
    await this.#publish([...lapsed, ...waiting].slice(0, missing));
  }

  async #publishAll(publishedBefore: number): Promise<void> {
    const { store } = this.#options;
    const done = new Set<string>();
    for (;;) {
      const found = await store.builds.unowned(publishedBefore, done.size + RECOVER_BATCH);
      const fresh = found.filter(({ id }) => !done.has(id));
      if (fresh.length === 0) return;
      await this.#publish(fresh);
      for (const { id } of fresh) done.add(id);
    }
  }

  async #publish(builds: readonly UnownedBuild[]): Promise<void> {
    const { store, queue, clock, metrics, logger } = this.#options;
    for (const { id, projectId, status } of builds) {
      await queue.publishBuild({ buildId: id, projectId });
      if (status !== "running") await store.builds.markQueued(id, clock.now());
      metrics.count("slipway_sweeps_total");
    }
    if (builds.length > 0) logger.info({ builds: builds.length }, "builds were published again");
  }

  async #sweepGroups(): Promise<void> {
    const { store, events } = this.#options;
    const holders = await store.groups.sweep();
    if (holders.length > 0) events.publish({ type: "group.changed", holders });
  }

  async #expireApprovals(): Promise<void> {
    const { store, events, clock, batch = BATCH } = this.#options;
    for (const { id, buildId } of await store.approvals.expired(clock.now(), batch)) {
      // Decided by somebody else in this moment: theirs stands.
      const decided = await store.approvals
        .decide(id, { state: "expired", by: "slipway", at: clock.now() })
        .catch(() => undefined);
      if (decided !== undefined) events.publish({ type: "approval.decided", buildId, approvalId: id });
    }
  }
}
