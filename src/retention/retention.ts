import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { deleteOrphans } from "./delete-orphans.ts";
import { evictCaches } from "./evict-caches.ts";
import { expireArtifacts } from "./expire-artifacts.ts";
import { expireLogs } from "./expire-logs.ts";

export interface RetentionOptions {
  readonly store: Pick<Store, "artifacts" | "builds" | "logs" | "projects" | "runners">;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Makes blobs of logs that a process which is no more has left: `RowLogSink.sealLeftovers`. */
  readonly sealLeftovers: () => Promise<number>;
  /** How long logs are kept after their build ended; absent: for ever. */
  readonly keepLogsMs?: number;
  /** What the caches of one project may have; absent: any. */
  readonly cacheQuotaBytes?: number;
  /** Below which artifacts and caches lie, each ending in `/`: blobs there that no record names are deleted. */
  readonly ownedPrefixes: readonly string[];
  /** How old a blob without a record must be. Default one day. */
  readonly orphanAgeMs?: number;
}

/** What each kind of retention works with. */
export interface RetentionParts {
  readonly store: RetentionOptions["store"];
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** How many at once. */
  readonly batch: number;
  readonly signal: AbortSignal;
  /** True: it was there and is gone. One that cannot be deleted now is an orphan from here on, and found again as such. */
  readonly deleteBlob: (key: string) => Promise<boolean>;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const BATCH = 100;
const LEFTOVERS_EVERY_MS = MINUTE;
const EXPIRY_EVERY_MS = 10 * MINUTE;
const ORPHANS_EVERY_MS = DAY;
/** Whoever followed a job closes its mailbox: one that is still there so long after its end is nobody's. */
const MAILBOX_AGE_MS = 60 * MINUTE;

/**
 * Takes away what was kept long enough, in small batches, now and then. Any number of servers may do it beside each
 * other: of two that come to the same thing, one finds it gone. What fails is logged and tried again in the next round.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #cancels = new Set<() => void>();
  readonly #running = new Set<Promise<void>>();
  readonly #ending = new AbortController();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** The first rounds begin a little later, so that a server that starts has its hands free. */
  start(): void {
    this.#every(LEFTOVERS_EVERY_MS, 10_000, () => this.sealLeftovers());
    this.#every(EXPIRY_EVERY_MS, MINUTE, () => this.expire());
    this.#every(ORPHANS_EVERY_MS, 30 * MINUTE, () => this.sweepOrphans());
  }

  /** Resolves when nothing of it runs. Idempotent. */
  async stop(): Promise<void> {
    this.#ending.abort();
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    await Promise.all(this.#running);
  }

  async sealLeftovers(): Promise<void> {
    await this.#try("logs sealed that were left over", () => this.#options.sealLeftovers());
  }

  /** Artifacts, logs and mailboxes whose time is over, and caches beyond the quota. */
  async expire(): Promise<void> {
    const { keepLogsMs, cacheQuotaBytes } = this.#options;
    const parts = this.#parts();
    await this.#try("artifacts expired", () => expireArtifacts(parts));
    if (cacheQuotaBytes !== undefined) {
      await this.#try("caches evicted", () => evictCaches(parts, cacheQuotaBytes));
    }
    const { store, clock } = this.#options;
    await this.#try("mailboxes of runners closed", () => store.runners.sweep(clock.now() - MAILBOX_AGE_MS));
    if (keepLogsMs !== undefined) await this.#try("logs expired", () => expireLogs(parts, keepLogsMs));
  }

  async sweepOrphans(): Promise<void> {
    const { ownedPrefixes: prefixes, orphanAgeMs: ageMs = DAY } = this.#options;
    await this.#try("blobs deleted that nobody owned", () =>
      deleteOrphans(this.#parts(), { prefixes, ageMs }),
    );
  }

  #parts(): RetentionParts {
    const { store, blobs, clock, logger } = this.#options;
    const deleteBlob = async (key: string) => {
      try {
        return await blobs.delete(key);
      } catch (error) {
        logger.warn({ key, error: String(error) }, "a blob cannot be deleted now");
        return false;
      }
    };
    return { store, blobs, clock, batch: BATCH, signal: this.#ending.signal, deleteBlob };
  }

  async #try(what: string, action: () => Promise<number>): Promise<void> {
    if (this.#ending.signal.aborted) return;
    try {
      const count = await action();
      if (count > 0) this.#options.logger.info({ count }, what);
    } catch (error) {
      this.#options.logger.warn({ error: String(error) }, `retention failed and is tried again: ${what}`);
    }
  }

  #every(everyMs: number, firstMs: number, round: () => Promise<void>): void {
    const wait = (delayMs: number) => {
      const cancel = this.#options.clock.after(delayMs, () => {
        this.#cancels.delete(cancel);
        const running = round().then(() => {
          this.#running.delete(running);
          if (!this.#ending.signal.aborted) wait(everyMs);
        });
        this.#running.add(running);
      });
      this.#cancels.add(cancel);
    };
    wait(firstMs);
  }
}
