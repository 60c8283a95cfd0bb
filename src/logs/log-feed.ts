import type { Clock } from "../clock.ts";
import { isFinal } from "../status.ts";
import type { LogRef, LogRow, LogTail } from "../store/log-store.ts";
import type { Store } from "../store/store.ts";
import type { LogPiece } from "./log-sink.ts";
import { rowsToPieces } from "./rows-to-pieces.ts";

/** What one read of rows asks for. */
const PAGE_BYTES = 256 * 1024;
/** Of the newest reads, kept for followers who are about as far. */
const CACHE_BYTES = 4 * 1024 * 1024;
/** How often the records are looked at in case an event was lost. */
const LOOK_AGAIN_MS = 1_500;

export interface FeedState {
  readonly kept: LogTail["kept"];
  readonly endByte: number;
  /** It will not grow any more. */
  readonly ended: boolean;
}

/**
 * One log that is followed, for all who follow it: whoever asks for the same bytes at about the same time shares one
 * read, and whoever has all waits for the same event. Each goes at its own pace; who is far behind reads for itself.
 */
export class LogFeed {
  readonly #ref: LogRef;
  readonly #store: Pick<Store, "logs" | "builds">;
  readonly #clock: Clock;
  readonly #reads = new Map<number, { readonly pieces: Promise<readonly LogPiece[]>; bytes: number }>();
  #cachedBytes = 0;
  #waiters = new Set<() => void>();
  #version = 0;
  #look: { readonly version: number; readonly state: Promise<FeedState> } | undefined;
  #saidEnded = false;
  /** Where the log ended when a look first found its step over. */
  #overAt: { readonly endByte: number; readonly at: number } | undefined;
  /** There is nothing after this byte, as far as is known; undefined: that is to be found out. */
  #tip: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #followers = 0;

  constructor(ref: LogRef, store: Pick<Store, "logs" | "builds">, clock: Clock) {
    this.#ref = { type: ref.type, id: ref.id };
    this.#store = store;
    this.#clock = clock;
  }

  /** Grows whenever there may be something new. */
  get version(): number {
    return this.#version;
  }

  join(): void {
    this.#followers += 1;
    if (this.#followers === 1) this.#lookLater();
  }

  /** True: nobody follows it any more. */
  leave(): boolean {
    this.#followers -= 1;
    if (this.#followers > 0) return false;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    return true;
  }

  /** Rows were just written by this process. */
  offer(rows: readonly LogRow[]): void {
    const [first] = rows;
    if (first === undefined) return;
    const pieces = rowsToPieces(rows, first.startByte);
    const bytes = size(pieces);
    this.#keep(first.startByte, Promise.resolve(pieces), bytes);
    this.changed();
    this.#tip = first.startByte + bytes;
  }

  /** An event told of it: no news where it is of rows that were offered. */
  heardOf(endByte: number, ended: boolean): void {
    if (!ended && this.#tip !== undefined && endByte <= this.#tip) return;
    this.changed(ended);
  }

  /** True: who has the log up to this byte has all there is, until the version changes. */
  isTip(position: number): boolean {
    return this.#tip === position;
  }

  /** Something about it changed, or may have. */
  changed(ended = false): void {
    if (ended) this.#saidEnded = true;
    this.#tip = undefined;
    this.#version += 1;
    this.#look = undefined;
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const wake of waiters) wake();
  }

  /** Rows from this byte on, as many as one read gives; none: there are none now. */
  read(fromByte: number): Promise<readonly LogPiece[]> {
    const cached = this.#reads.get(fromByte);
    if (cached !== undefined) return cached.pieces;
    const pieces = this.#store.logs
      .read(this.#ref, fromByte, PAGE_BYTES)
      .then((rows) => rowsToPieces(rows, fromByte));
    const entry = this.#keep(fromByte, pieces, 0);
    pieces.then(
      (found) => {
        if (found.length === 0) this.#drop(fromByte, entry);
        else if (this.#reads.get(fromByte) === entry) {
          entry.bytes = size(found);
          this.#cachedBytes += entry.bytes;
          this.#trim();
        }
      },
      () => this.#drop(fromByte, entry),
    );
    return pieces;
  }

  /** Where the log is kept and how far it is; one look for all who ask before something changes. */
  look(): Promise<FeedState> {
    if (this.#look?.version === this.#version) return this.#look.state;
    const look = { version: this.#version, state: this.#lookNow() };
    this.#look = look;
    look.state.then(
      (state) => {
        if (this.#look === look && !state.ended) this.#tip = state.endByte;
      },
      () => {
        if (this.#look === look) this.#look = undefined;
      },
    );
    return look.state;
  }

  /** Waits until the version is another than this. */
  async newerThan(version: number, signal: AbortSignal): Promise<void> {
    if (this.#version !== version || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async #lookNow(): Promise<FeedState> {
    const saidEnded = this.#saidEnded;
    const step = await this.#store.builds.step(this.#ref.id);
    const tail = await this.#store.logs.tail(this.#ref);
    const endByte = tail?.endByte ?? 0;
    if (tail !== undefined && tail.kept !== "rows") return { kept: tail.kept, endByte, ended: true };
    // A step that was skipped says nothing, and nobody tells its end.
    const ended = saidEnded || step.status === "skipped" || (isFinal(step.status) && this.#isQuiet(endByte));
    return { kept: "rows", endByte, ended };
  }

  /** A step that is over may have lines on their way: it has ended when nothing came from one look to a later one. */
  #isQuiet(endByte: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#overAt?.endByte !== endByte) this.#overAt = { endByte, at: now };
    return now - this.#overAt.at >= LOOK_AGAIN_MS;
  }

  #lookLater(): void {
    this.#cancelTimer = this.#clock.after(LOOK_AGAIN_MS, () => {
      this.#lookLater();
      this.changed();
    });
  }

  #keep(fromByte: number, pieces: Promise<readonly LogPiece[]>, bytes: number): { bytes: number } {
    const before = this.#reads.get(fromByte);
    if (before !== undefined) this.#drop(fromByte, before);
    const entry = { pieces, bytes };
    this.#reads.set(fromByte, entry);
    this.#cachedBytes += bytes;
    this.#trim();
    return entry;
  }

  #drop(fromByte: number, entry: { readonly bytes: number }): void {
    if (this.#reads.get(fromByte) !== entry) return;
    this.#reads.delete(fromByte);
    this.#cachedBytes -= entry.bytes;
  }

  #trim(): void {
    for (const [fromByte, entry] of this.#reads) {
      if (this.#cachedBytes <= CACHE_BYTES) return;
      this.#drop(fromByte, entry);
    }
  }
}

function size(pieces: readonly LogPiece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.data.length, 0);
}
