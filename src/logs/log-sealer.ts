import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { LogRef } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { logBlobKey } from "./log-blob-key.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { sealLog } from "./seal-log.ts";

export interface LogSealerOptions {
  readonly store: Pick<Store, "logs" | "builds">;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Before its rows are joined: everything said is in them, and readers know that it has ended. */
  readonly prepare: (ref: BuildLogRef) => Promise<void>;
  readonly onSealed: (ref: BuildLogRef) => void;
}

const AT_ONCE = 4;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;
/** Beyond these, logs wait for the sweep. */
const MAX_WAITING = 20_000;
/** A step that ended less than this ago is its worker's to seal. */
const LEFTOVER_AGE_MS = 60_000;
const SWEEP_BATCH = 100;

/** Seals logs that have ended, a few at once, and again where the blob store or the records cannot be reached. */
export class LogSealer {
  readonly #options: LogSealerOptions;
  readonly #waiting = new Map<string, BuildLogRef>();
  readonly #running = new Map<string, Promise<void>>();
  #retryMs = 0;
  #cancelRetry: (() => void) | undefined;
  #closed = false;

  constructor(options: LogSealerOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  add(ref: BuildLogRef): void {
    if (this.#closed || this.#waiting.size >= MAX_WAITING || this.#running.has(ref.id)) return;
    this.#waiting.set(ref.id, ref);
    this.#go();
  }

  /** Resolves when nothing is being sealed or waits for it; what waits for a retry keeps it waiting. */
  async idle(): Promise<void> {
    while (this.#running.size > 0 || this.#waiting.size > 0) {
      if (this.#running.size === 0)
        await new Promise<void>((resolve) => this.#options.clock.after(20, resolve));
      else await Promise.race(this.#running.values());
    }
  }

  /** Ends what is being sealed; what waits is left to the next process. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRetry?.();
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  /** Seals what a process that is no more has left. Gives how many it could; the others are tried by the next call. */
  async sealLeftovers(): Promise<number> {
    const { store, clock } = this.#options;
    const refs = await store.logs.unsealed(clock.now() - LEFTOVER_AGE_MS, SWEEP_BATCH);
    let sealed = 0;
    for (const ref of refs) {
      if (this.#closed || this.#waiting.has(ref.id) || this.#running.has(ref.id)) continue;
      try {
        await this.#sealLeftover(ref);
        sealed += 1;
      } catch (error) {
        if (error instanceof ExecError && error.retryable) throw error;
        this.#options.logger.error({ stepId: ref.id, error: String(error) }, "a log cannot be made a blob");
      }
    }
    return sealed;
  }

  async #sealLeftover(ref: LogRef): Promise<void> {
    const { store } = this.#options;
    const step = await store.builds.step(ref.id);
    if (step.log.kept === "expired") await store.logs.expire(ref);
    else if (step.log.kept === "blob") await this.#dropStrayRows({ ...ref, buildId: step.buildId });
    else await this.#seal({ ...ref, buildId: step.buildId });
  }

  /** Rows that a worker wrote which had lost its lease and did not know it yet: the blob has their bytes. */
  async #dropStrayRows(ref: BuildLogRef): Promise<void> {
    const { store, blobs } = this.#options;
    const { log } = await store.builds.step(ref.id);
    const blob = await blobs.stat(logBlobKey(ref.buildId, ref.id));
    if (blob?.sizeBytes !== log.sizeBytes || log.sha256 === undefined) return;
    await store.logs.seal({ type: ref.type, id: ref.id }, { sizeBytes: log.sizeBytes, sha256: log.sha256 });
  }

  #go(): void {
    if (this.#cancelRetry !== undefined) return;
    for (const [id, ref] of this.#waiting) {
      if (this.#running.size >= AT_ONCE) return;
      this.#waiting.delete(id);
      const running = this.#try(ref).finally(() => {
        this.#running.delete(id);
        this.#go();
      });
      this.#running.set(id, running);
    }
  }

  async #try(ref: BuildLogRef): Promise<void> {
    try {
      await this.#seal(ref);
      this.#retryMs = 0;
    } catch (error) {
      const { logger, clock } = this.#options;
      const fields = { buildId: ref.buildId, stepId: ref.id, error: String(error) };
      if (this.#closed) return;
      if (!(error instanceof ExecError && error.retryable)) {
        logger.error(fields, "a log cannot be made a blob; its rows stay, and it is tried again later");
        return;
      }
      if (this.#retryMs === 0) logger.warn(fields, "a log cannot be made a blob now; it is tried again");
      this.#waiting.set(ref.id, ref);
      if (this.#cancelRetry !== undefined) return;
      this.#retryMs = Math.min(LAST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.#retryMs * 2));
      this.#cancelRetry = clock.after(this.#retryMs, () => {
        this.#cancelRetry = undefined;
        this.#go();
      });
    }
  }

  async #seal(ref: BuildLogRef): Promise<void> {
    const { store, blobs, prepare, onSealed } = this.#options;
    await prepare(ref);
    try {
      await sealLog(ref, { logs: store.logs, blobs });
    } catch (error) {
      // Another process was faster.
      const sealed = error instanceof ExecError && error.code === "Conflict" && (await isSealed(ref, store));
      if (!sealed) throw error;
    }
    onSealed(ref);
  }
}

async function isSealed(ref: BuildLogRef, store: Pick<Store, "logs">): Promise<boolean> {
  const tail = await store.logs.tail(ref);
  return tail !== undefined && tail.kept !== "rows";
}
