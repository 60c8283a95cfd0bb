import type { LogPiece } from "../../logs/log-sink.ts";

export interface LogTextOptions {
  /** Leave out escape sequences: colours, cursor moves, titles. */
  readonly stripAnsi: boolean;
}

/** Part of a log as text. The next part begins at `end`. */
export interface LogText {
  readonly offset: number;
  /** The byte after the last one that `text` tells of: where a reader resumes. */
  readonly end: number;
  readonly at: number;
  readonly text: string;
}

/** An escape sequence held back longer than this is shown as what it is. */
const MAX_HELD_BYTES = 4096;

const SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-OQ-WYZ\\`-~])/g;
const CUT_SEQUENCE = /\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -/]*)$/;

/**
 * Turns the bytes of a log into text. A character, and a sequence that is to be left out, may be cut between pieces: it
 * is held back until the rest comes. What is no UTF-8 becomes U+FFFD.
 */
export class LogDecoder {
  readonly #stripAnsi: boolean;
  #held: Buffer = Buffer.alloc(0);
  #next: number | undefined;

  constructor({ stripAnsi }: LogTextOptions) {
    this.#stripAnsi = stripAnsi;
  }

  /** True: the next piece begins a new text, so that every reader decodes it alike. */
  get clean(): boolean {
    return this.#held.length === 0;
  }

  push(piece: LogPiece): LogText {
    const data = Buffer.from(piece.data.buffer, piece.data.byteOffset, piece.data.byteLength);
    // A gap cannot be filled: what was held stands alone.
    const joins = this.#next === undefined || this.#next === piece.offset;
    const bytes = this.#held.length > 0 && joins ? Buffer.concat([this.#held, data]) : data;
    const end = piece.offset + data.length;
    const keep = bytes.length - this.#cut(bytes);
    this.#held = Buffer.from(bytes.subarray(keep));
    this.#next = end;
    return {
      offset: end - bytes.length,
      end: end - this.#held.length,
      at: piece.at,
      text: this.#text(bytes.subarray(0, keep)),
    };
  }

  /** What was held back at the log's end. */
  finish(at: number): LogText | undefined {
    if (this.#held.length === 0 || this.#next === undefined) return undefined;
    const text = this.#text(this.#held);
    const offset = this.#next - this.#held.length;
    this.#held = Buffer.alloc(0);
    return { offset, end: this.#next, at, text };
  }

  /** How many bytes at the end wait for more. */
  #cut(bytes: Buffer): number {
    const character = cutCharacter(bytes);
    if (!this.#stripAnsi) return character;
    const tail = bytes.toString("latin1", Math.max(0, bytes.length - MAX_HELD_BYTES));
    const match = CUT_SEQUENCE.exec(tail);
    return Math.max(character, match === null ? 0 : tail.length - match.index);
  }

  #text(bytes: Buffer): string {
    const text = bytes.toString("utf8");
    return this.#stripAnsi && text.includes("\x1b") ? text.replace(SEQUENCE, "") : text;
  }
}

/** Bytes of a character at the end whose rest is missing. */
function cutCharacter(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < length && byte < 0xf8 ? back : 0;
    }
  }
  return 0;
}

/** Puts the time before each line. */
export class LineTimes {
  #atLineStart: boolean;

  constructor(atLineStart: boolean) {
    this.#atLineStart = atLineStart;
  }

  push({ text, at }: Pick<LogText, "text" | "at">): string {
    if (text === "") return "";
    const stamp = `${new Date(at).toISOString()} `;
    const body = text.replace(/\n(?!$)/g, `\n${stamp}`);
    const stamped = this.#atLineStart ? stamp + body : body;
    this.#atLineStart = text.endsWith("\n");
    return stamped;
  }
}
