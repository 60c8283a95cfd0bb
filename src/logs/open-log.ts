import type { ExecError } from "../errors.ts";
import type { LogRow } from "../store/log-store.ts";
import type { BuildUsage } from "./build-usage.ts";
import { cutNote, keepWholeCharacters, type LogLimits } from "./log-limits.ts";
import type { BuildLogRef, LogChunk } from "./log-sink.ts";

/** Chunks printed in the same millisecond become one row, up to this. */
const MAX_ROW_BYTES = 64 * 1024;

/** Where a log stood when its writer began. */
export interface LogStart {
  readonly seq: number;
  readonly endByte: number;
  /** Nothing more is taken: it is sealed, or was cut. */
  readonly closed: boolean;
}

/** A log with a writer in this process: what waits to be written of it, and how far it is. */
export class OpenLog {
  readonly ref: BuildLogRef;
  readonly usage: BuildUsage;
  readonly #limits: LogLimits;
  #chunks: LogChunk[] = [];
  #next = 0;
  #seq = 0;
  #endByte = 0;
  #closed = false;
  #endsLine = true;
  #started = false;

  /** Taken and not yet written, also what is being written now. */
  pendingBytes = 0;
  /** Chunks taken since this process opened the log, and those of them that are written or dropped. */
  taken = 0;
  settled = 0;
  failure: ExecError | undefined;

  constructor(ref: BuildLogRef, usage: BuildUsage, limits: LogLimits) {
    this.ref = ref;
    this.usage = usage;
    this.#limits = limits;
  }

  get started(): boolean {
    return this.#started;
  }

  /** The byte after what has been made into rows. */
  get endByte(): number {
    return this.#endByte;
  }

  get waiting(): number {
    return this.#chunks.length - this.#next;
  }

  push(chunk: LogChunk): void {
    this.#chunks.push(chunk);
    this.pendingBytes += chunk.data.length;
    this.taken += 1;
  }

  start(from: LogStart): void {
    this.#seq = from.seq;
    this.#endByte = from.endByte;
    this.#closed = from.closed;
    this.#endsLine = from.endByte === 0;
    this.#started = true;
  }

  /** Makes rows of about `quantum` bytes of what waits. `bytes` and `chunks` are what is settled once they are written. */
  take(quantum: number): Taken {
    const rows: LogRow[] = [];
    let bytes = 0;
    let chunks = 0;
    let open:
      | { readonly at: number; readonly startByte: number; seq: number; parts: Uint8Array[]; size: number }
      | undefined;
    const close = () => {
      const [first] = open?.parts ?? [];
      if (open === undefined || first === undefined) return;
      const content = open.parts.length === 1 ? first : Buffer.concat(open.parts, open.size);
      rows.push({ ref: this.ref, seq: open.seq, startByte: open.startByte, content, at: open.at });
      open = undefined;
    };
    while (bytes < quantum) {
      const chunk = this.#chunks[this.#next];
      if (chunk === undefined) break;
      this.#next += 1;
      chunks += 1;
      bytes += chunk.data.length;
      const data = this.#admit(chunk);
      if (data === undefined || data.length === 0) continue;
      if (open !== undefined && (open.at !== chunk.at || open.size + data.length > MAX_ROW_BYTES)) close();
      open ??= { at: chunk.at, startByte: this.#endByte, seq: chunk.seq, parts: [], size: 0 };
      open.seq = chunk.seq;
      open.parts.push(data);
      open.size += data.length;
      this.#endByte += data.length;
    }
    close();
    this.#forgetTaken();
    return { log: this, rows, bytes, chunks };
  }

  /** Drops what waits: it can never be written. */
  drop(): void {
    for (const chunk of this.#chunks.slice(this.#next)) this.pendingBytes -= chunk.data.length;
    this.settled += this.waiting;
    this.#chunks = [];
    this.#next = 0;
  }

  /** What of a chunk comes into the log; undefined: nothing. */
  #admit(chunk: LogChunk): Uint8Array | undefined {
    if (chunk.seq <= this.#seq) return undefined;
    this.#seq = chunk.seq;
    if (this.#closed) return undefined;
    const { maxStepBytes, maxBuildBytes } = this.#limits;
    const room = Math.min(maxStepBytes - this.#endByte, maxBuildBytes - this.usage.bytes);
    if (chunk.data.length <= room) {
      this.usage.add(chunk.data.length);
      if (chunk.data.length > 0) this.#endsLine = chunk.data.at(-1) === 0x0a;
      return chunk.data;
    }
    this.#closed = true;
    const kept = chunk.data.subarray(0, keepWholeCharacters(chunk.data, room));
    const endsLine = kept.length === 0 ? this.#endsLine : kept.at(-1) === 0x0a;
    const ofStep = maxStepBytes - this.#endByte <= maxBuildBytes - this.usage.bytes;
    const note = ofStep
      ? cutNote("step", maxStepBytes, !endsLine)
      : cutNote("build", maxBuildBytes, !endsLine);
    this.usage.add(kept.length + note.length);
    return Buffer.concat([kept, note]);
  }

  #forgetTaken(): void {
    if (this.#next === this.#chunks.length) {
      this.#chunks = [];
      this.#next = 0;
    } else if (this.#next > 1_000) {
      this.#chunks = this.#chunks.slice(this.#next);
      this.#next = 0;
    }
  }
}

export interface Taken {
  readonly log: OpenLog;
  readonly rows: readonly LogRow[];
  readonly bytes: number;
  readonly chunks: number;
}
