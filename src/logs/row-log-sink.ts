import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { EventBus } from "../events/event-bus.ts";
import { isFinal } from "../status.ts";
import type { LogRef, LogRow } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { AppendQueue } from "./append-queue.ts";
import { GrownEvents } from "./grown-events.ts";
import { LogHub } from "./log-hub.ts";
import { DEFAULT_LOG_LIMITS, type LogLimits } from "./log-limits.ts";
import { LogSealer } from "./log-sealer.ts";
import type { BuildLogRef, LogChunk, LogPiece, LogSink, StreamOptions } from "./log-sink.ts";
import type { OpenLog } from "./open-log.ts";
import { readLog } from "./read-log.ts";

export interface RowLogSinkOptions {
  readonly store: Pick<Store, "logs" | "builds">;
  readonly blobs: BlobStore;
  readonly events: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits?: LogLimits;
  /** Default 40. */
  readonly maxDelayMs?: number;
  /** Default 1 MiB. */
  readonly batchBytes?: number;
  /** Bytes in memory from which writers are held back: of one log (default 4 MiB), of all (default 32 MiB). */
  readonly maxLogBytes?: number;
  readonly maxBytes?: number;
  /** How long `close` tries to write what waits. Default 10 s. */
  readonly closeLimitMs?: number;
}

const MIB = 1024 * 1024;

/** Logs as rows of the records while they grow, each a blob when it has ended. */
export class RowLogSink implements LogSink {
  readonly #options: RowLogSinkOptions;
  readonly #queue: AppendQueue;
  readonly #hub: LogHub;
  readonly #sealer: LogSealer;
  readonly #grown: GrownEvents;

  constructor(options: RowLogSinkOptions) {
    const { store, blobs, events, clock, logger, metrics } = options;
    this.#options = options;
    this.#hub = new LogHub({ store, events, clock, metrics });
    this.#grown = new GrownEvents(events, clock);
    this.#queue = new AppendQueue({
      store,
      clock,
      logger,
      metrics,
      limits: options.limits ?? DEFAULT_LOG_LIMITS,
      maxDelayMs: options.maxDelayMs ?? 40,
      batchBytes: options.batchBytes ?? MIB,
      maxLogBytes: options.maxLogBytes ?? 4 * MIB,
      maxBytes: options.maxBytes ?? 32 * MIB,
      onWritten: (log, rows) => this.#written(log, rows),
    });
    this.#sealer = new LogSealer({
      store,
      blobs,
      clock,
      logger,
      prepare: (ref) => this.#prepareSeal(ref),
      onSealed: (ref) => {
        this.#queue.forget(ref.id);
        this.#hub.sealed(ref);
      },
    });
  }

  /** Bytes taken and not yet in the records. */
  get pendingBytes(): number {
    return this.#queue.pendingBytes;
  }

  append(ref: BuildLogRef, chunk: LogChunk): void | Promise<void> {
    return this.#queue.append(ref, chunk);
  }

  async flush(refs?: readonly BuildLogRef[]): Promise<void> {
    if (refs === undefined) await this.#queue.flushAll();
    else await Promise.all(refs.map((ref) => this.#queue.flush(ref.id)));
  }

  async end(ref: BuildLogRef): Promise<void> {
    this.#sealer.add(ref);
  }

  stream(ref: LogRef, options: StreamOptions): AsyncIterable<LogPiece> {
    const { store, blobs, clock } = this.#options;
    return readLog(ref, options, { store, blobs, clock, hub: this.#hub });
  }

  async stat(ref: LogRef): Promise<{ readonly sizeBytes: number; readonly ended: boolean }> {
    const { builds, logs } = this.#options.store;
    const step = await builds.step(ref.id);
    const tail = await logs.tail({ type: ref.type, id: ref.id });
    const ended = (tail?.kept ?? "rows") !== "rows" || isFinal(step.status);
    return { sizeBytes: tail?.endByte ?? 0, ended };
  }

  /** Makes blobs of logs that a process which is no more has left; call it every minute or so. Gives how many. */
  sealLeftovers(): Promise<number> {
    return this.#sealer.sealLeftovers();
  }

  /** Resolves when every log that has ended is a blob. */
  sealed(): Promise<void> {
    return this.#sealer.idle();
  }

  async close(): Promise<void> {
    try {
      await this.#queue.close(this.#options.closeLimitMs ?? 10_000);
    } finally {
      await this.#sealer.close();
      this.#grown.close();
      this.#hub.close();
    }
  }

  async #prepareSeal(ref: BuildLogRef): Promise<void> {
    await this.#queue.flush(ref.id).catch((error) => {
      // What could never be written is lost; what was is worth keeping.
      if (!(error instanceof ExecError && error.code === "Permanent")) throw error;
    });
    this.#hub.ended(ref);
    this.#grown.ended(ref);
  }

  #written(log: OpenLog, rows: readonly LogRow[]): void {
    this.#hub.offer(log.ref, rows);
    const last = rows.at(-1);
    if (last !== undefined) this.#grown.grown(log.ref, last.startByte + last.content.length);
  }
}
