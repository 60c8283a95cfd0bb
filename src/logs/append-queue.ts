import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import type { LogRow } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { BuildUsage } from "./build-usage.ts";
import { endsWithCutNote, type LogLimits } from "./log-limits.ts";
import type { BuildLogRef, LogChunk } from "./log-sink.ts";
import { OpenLog, type Taken } from "./open-log.ts";

export interface AppendQueueOptions {
  readonly store: Pick<Store, "logs" | "builds">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits: LogLimits;
  /** How long a chunk waits for others before it is written, at most. */
  readonly maxDelayMs: number;
  /** Bytes of one insert, about. */
  readonly batchBytes: number;
  /** Bytes in memory from which writers are held back, of one log and of all. */
  readonly maxLogBytes: number;
  readonly maxBytes: number;
  /** Rows that are in the records now. */
  readonly onWritten: (log: OpenLog, rows: readonly LogRow[]) => void;
}

/** What any log may have in memory, however much others have: a noisy one holds back nobody else. */
const OWN_BYTES = 128 * 1024;
const MIN_QUANTUM = 16 * 1024;
const MAX_QUANTUM = 256 * 1024;
const FIRST_DELAY_MS = 3;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1_000;
/** Logs that are remembered when nothing of them waits; those beyond are looked up again. */
const MAX_IDLE_LOGS = 5_000;

interface Waiter {
  /** Of a flush; else of an append that waits for room. */
  readonly flushes: boolean;
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: ExecError) => void;
}

/**
 * Chunks on their way into the records: one insert at a time for all logs, each turn with about the same bytes of every
 * log that has any. An insert that fails because the engine cannot be reached or is full is tried again, the very same
 * rows, until it works; meanwhile writers are held back. What fails in any other way fails its own log alone.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions;
  readonly #logs = new Map<string, OpenLog>();
  readonly #usages = new Map<string, BuildUsage>();
  /** Logs with something to write, in the order of their turns. */
  #turns: OpenLog[] = [];
  readonly #waiters = new Map<OpenLog, Set<Waiter>>();
  #bytes = 0;
  #writing = false;
  #urgent = false;
  #wroteAt = Number.NEGATIVE_INFINITY;
  #timer: (() => void) | undefined;
  readonly #pauses = new Set<() => void>();
  #giveUp: ExecError | undefined;

  constructor(options: AppendQueueOptions) {
    this.#options = options;
  }

  /** Bytes taken and not yet written. */
  get pendingBytes(): number {
    return this.#bytes;
  }

  append(ref: BuildLogRef, chunk: LogChunk): void | Promise<void> {
    if (this.#giveUp !== undefined) return Promise.reject(this.#giveUp);
    const log = this.#open(ref);
    if (log.failure !== undefined) return Promise.reject(log.failure);
    if (log.started && log.waiting === 0) this.#turns.push(log);
    log.push(chunk);
    this.#bytes += chunk.data.length;
    this.#schedule();
    if (this.#hasRoom(log)) return;
    return this.#wait(log, false, () => this.#hasRoom(log));
  }

  /** Rejects with what kept something of it from the records, also while it is tried again because a disk is full. */
  flush(stepId: string): Promise<void> {
    const log = this.#logs.get(stepId);
    if (log === undefined) return Promise.resolve();
    if (log.failure !== undefined) return Promise.reject(log.failure);
    const target = log.taken;
    if (log.settled >= target) return Promise.resolve();
    this.#hurry();
    return this.#wait(log, true, () => log.settled >= target);
  }

  async flushAll(): Promise<void> {
    await Promise.all([...this.#logs.keys()].map((id) => this.flush(id)));
  }

  /** Its writer is done with it. */
  forget(stepId: string): void {
    const log = this.#logs.get(stepId);
    if (log === undefined || log.settled < log.taken) return;
    this.#logs.delete(stepId);
    log.usage.openLogs -= 1;
    if (log.usage.openLogs === 0) this.#usages.delete(log.usage.buildId);
  }

  /** Writes what waits, for at most `limitMs`. Rejects with `Transient` where that was not enough. */
  async close(limitMs: number): Promise<void> {
    const cancelLimit = this.#options.clock.after(limitMs, () => {
      this.#giveUp = new ExecError(
        "Transient",
        "the last log lines could not be written: the records cannot be reached",
      );
      for (const wake of this.#pauses) wake();
      for (const log of this.#waiters.keys()) this.#settleWaiters(log, this.#giveUp);
    });
    try {
      await this.flushAll();
    } finally {
      cancelLimit();
      this.#timer?.();
      this.#timer = undefined;
      this.#giveUp ??= new ExecError("Cancelled", "the server is stopping");
    }
  }

  #open(ref: BuildLogRef): OpenLog {
    const known = this.#logs.get(ref.id);
    if (known !== undefined) return known;
    if (this.#logs.size >= MAX_IDLE_LOGS) this.#forgetIdle();
    const { store, limits } = this.#options;
    let usage = this.#usages.get(ref.buildId);
    if (usage === undefined) {
      usage = new BuildUsage(ref.buildId, store.builds, limits.maxBuildBytes);
      this.#usages.set(ref.buildId, usage);
    }
    usage.openLogs += 1;
    const log = new OpenLog(ref, usage, limits);
    this.#logs.set(ref.id, log);
    void this.#start(log);
    return log;
  }

  /** Finds where the log stands: another process, or this one before a restart, may have written it. */
  async #start(log: OpenLog): Promise<void> {
    const { logs } = this.#options.store;
    try {
      const { tail, last } = await this.#persist("look at a log", log, async () => {
        const tail = await logs.tail(log.ref);
        const rows = tail?.kept === "rows" ? await logs.read(log.ref, Math.max(0, tail.endByte - 1), 1) : [];
        return { tail, last: rows.at(-1)?.content };
      });
      const closed =
        tail !== undefined && (tail.kept !== "rows" || (last !== undefined && endsWithCutNote(last)));
      log.usage.opened(log.ref.id, tail?.endByte ?? 0);
      log.start({ seq: tail?.seq ?? 0, endByte: tail?.endByte ?? 0, closed });
      if (log.waiting > 0) this.#turns.push(log);
      if (this.#waiters.has(log)) this.#urgent = true;
      this.#schedule();
    } catch (error) {
      this.#fail(log, error);
    }
  }

  #schedule(): void {
    if (this.#writing || this.#turns.length === 0) return;
    if (this.#urgent || this.#bytes >= this.#options.batchBytes) {
      this.#timer?.();
      this.#timer = undefined;
      void this.#write();
      return;
    }
    const { clock, maxDelayMs } = this.#options;
    // The first line after a quiet time goes almost at once; from then on they gather.
    const sinceLast = clock.monotonic() - this.#wroteAt;
    const delayMs = Math.max(Math.min(FIRST_DELAY_MS, maxDelayMs), maxDelayMs - sinceLast);
    this.#timer ??= clock.after(delayMs, () => {
      this.#timer = undefined;
      if (!this.#writing) void this.#write();
    });
  }

  #hurry(): void {
    this.#urgent = true;
    this.#schedule();
  }

  async #write(): Promise<void> {
    this.#writing = true;
    // Whoever flushes in the same turn of the loop comes along.
    await undefined;
    const { clock, metrics } = this.#options;
    this.#urgent = false;
    const batch = this.#take();
    const startedAt = clock.monotonic();
    await this.#insert(batch);
    metrics.observe("slipway_log_flush_seconds", (clock.monotonic() - startedAt) / 1_000);
    this.#writing = false;
    this.#wroteAt = clock.monotonic();
    // A flush that came meanwhile, and what one batch could not hold, go at once; the rest waits for company.
    if (this.#waiters.size > 0) this.#urgent = true;
    this.#schedule();
  }

  #take(): readonly Taken[] {
    const { batchBytes } = this.#options;
    const batch = new Map<OpenLog, Taken>();
    const quantum = Math.min(
      MAX_QUANTUM,
      Math.max(MIN_QUANTUM, batchBytes / Math.max(1, this.#turns.length)),
    );
    let bytes = 0;
    while (bytes < batchBytes) {
      const log = this.#turns.shift();
      if (log === undefined) break;
      const taken = log.take(quantum);
      bytes += taken.bytes;
      const before = batch.get(log);
      batch.set(log, before === undefined ? taken : join(before, taken));
      if (log.waiting > 0) this.#turns.push(log);
    }
    return [...batch.values()];
  }

  async #insert(batch: readonly Taken[]): Promise<void> {
    const rows = batch.flatMap((taken) => taken.rows);
    try {
      if (rows.length > 0)
        await this.#persist("write logs", batch, () => this.#options.store.logs.append(rows));
      for (const taken of batch) this.#settle(taken);
      // Also those who wait for room in all, not in their own log.
      for (const log of this.#waiters.keys()) this.#settleWaiters(log);
    } catch (error) {
      const [only] = batch;
      // One log that cannot be written must not take the others with it.
      if (batch.length > 1 && this.#giveUp === undefined)
        for (const taken of batch) await this.#insert([taken]);
      else if (only !== undefined) for (const taken of batch) this.#lose(taken, error);
    }
  }

  #settle(taken: Taken): void {
    const { log, rows, bytes, chunks } = taken;
    log.pendingBytes -= bytes;
    log.settled += chunks;
    this.#bytes -= bytes;
    this.#options.metrics.count("slipway_log_bytes_total", {}, bytes);
    if (rows.length > 0) this.#options.onWritten(log, rows);
  }

  #lose(taken: Taken, error: unknown): void {
    taken.log.pendingBytes -= taken.bytes;
    taken.log.settled += taken.chunks;
    this.#bytes -= taken.bytes;
    this.#fail(taken.log, error);
  }

  #fail(log: OpenLog, error: unknown): void {
    const failure =
      error instanceof ExecError
        ? error
        : new ExecError("Permanent", `cannot write the log of step ${log.ref.id}`, { cause: error });
    log.failure = failure;
    this.#bytes -= log.pendingBytes;
    log.drop();
    this.#bytes += log.pendingBytes;
    this.#turns = this.#turns.filter((other) => other !== log);
    this.#options.logger.error(
      { buildId: log.ref.buildId, stepId: log.ref.id, error: failure.message },
      "a log cannot be written; the rest of it is lost",
    );
    this.#settleWaiters(log, failure);
  }

  /** Does it again and again while that may help. */
  async #persist<T>(what: string, about: OpenLog | readonly Taken[], action: () => Promise<T>): Promise<T> {
    for (let delay = FIRST_RETRY_MS, attempt = 1; ; delay = Math.min(delay * 2, LAST_RETRY_MS), attempt++) {
      try {
        return await action();
      } catch (error) {
        if (this.#giveUp !== undefined || !mayPass(error)) throw error;
        if (attempt === 1)
          this.#options.logger.warn({ error: String(error) }, `cannot ${what} now; it is tried again`);
        if (error.code === "QuotaExceeded") this.#tellWhoFlushes(about, error);
        await this.#pause(delay);
      }
    }
  }

  #tellWhoFlushes(about: OpenLog | readonly Taken[], error: ExecError): void {
    const logs = about instanceof OpenLog ? [about] : about.map((taken) => taken.log);
    for (const log of logs) this.#settleWaiters(log, error, true);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        this.#pauses.delete(wake);
        resolve();
      };
      const cancel = this.#options.clock.after(delayMs, wake);
      this.#pauses.add(wake);
    });
  }

  #hasRoom(log: OpenLog): boolean {
    if (log.pendingBytes <= OWN_BYTES) return true;
    return log.pendingBytes <= this.#options.maxLogBytes && this.#bytes <= this.#options.maxBytes;
  }

  #wait(log: OpenLog, flushes: boolean, isDone: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.#waiters.get(log) ?? new Set();
      this.#waiters.set(log, waiters);
      waiters.add({ flushes, isDone, resolve, reject });
    });
  }

  #settleWaiters(log: OpenLog, failure?: ExecError, onlyFlushes = false): void {
    const waiters = this.#waiters.get(log);
    if (waiters === undefined) return;
    for (const waiter of waiters) {
      if (onlyFlushes && !waiter.flushes) continue;
      if (failure !== undefined) waiter.reject(failure);
      else if (waiter.isDone()) waiter.resolve();
      else continue;
      waiters.delete(waiter);
    }
    if (waiters.size === 0) this.#waiters.delete(log);
  }

  #forgetIdle(): void {
    for (const log of this.#logs.values()) {
      if (log.started && log.settled === log.taken) this.forget(log.ref.id);
      if (this.#logs.size < MAX_IDLE_LOGS / 2) break;
    }
  }
}

function mayPass(error: unknown): error is ExecError {
  return error instanceof ExecError && (error.retryable || error.code === "QuotaExceeded");
}

function join(a: Taken, b: Taken): Taken {
  return { log: a.log, rows: [...a.rows, ...b.rows], bytes: a.bytes + b.bytes, chunks: a.chunks + b.chunks };
}
