import { beginsWithLf, endsInCr, lastLineEnd, lineEnd, lineStart, lineText } from "./line-ends.ts";

const NOTHING = Buffer.alloc(0);
const MARKER = Buffer.from("::");
const LEGACY_MARKER = Buffer.from("##[");
/** A line that may not be a command is held back up to here while it has no end. */
const LONGEST_HELD = 65_536;
/** A line that may be a command is one up to here. */
const LONGEST_COMMAND = 1_048_576;
/** A longer one of these is not shown all the same: it would be the secret. */
const MASK_COMMAND = /^\s*::add-mask[ :]|##\[add-mask[ \]]/i;

export interface LineReceiver {
  /** Every line is wanted, not only those that may be commands. */
  readonly wantsLines: boolean;
  /** Bytes that are to be shown as they are. */
  show(bytes: Uint8Array): void;
  /** Looks whether the line is a command. Undefined: it is not. Else the function obeys it, and the line is not shown. */
  command(line: string): (() => void) | undefined;
  /** Lines, complete, that are no commands: to be shown, one way or another. Only called while they are wanted. */
  lines(lines: readonly ScannedBytes[]): void;
  /** An `add-mask` command was too long to be obeyed; it was not shown. */
  maskTooLong(): void;
}

export interface ScannedBytes {
  readonly text: string;
  /** With the line's end, as it was written. */
  readonly bytes: Uint8Array;
  /** The beginning of the line has been shown already: `bytes` are the rest, `text` is all of it. */
  readonly begun: boolean;
}

/**
 * Finds the lines that matter in bytes that come in pieces, and lets the rest through without a look at each line. A
 * line ends with LF, CR LF or CR.
 *
 * While nobody wants all lines, only two searches run over the bytes, for "::" and "##[". A line without end is held
 * back: up to 64 KiB, and until `releaseHeld`; if it may be a command, up to 1 MiB, and until its end.
 */
export class LineScanner {
  readonly #receiver: LineReceiver;
  #held: Buffer[] = [];
  #heldSize = 0;
  /** The size at which to look again what to do with the line that is held. */
  #lookAt = LONGEST_HELD;
  /** What has become of the beginning of the line: nothing yet; shown; or it is too long and the rest is let through. */
  #line: "new" | "begun" | "let-through" | "dropped" = "new";
  /** What has been shown of a line that is begun, where lines are wanted. */
  #begun = "";

  constructor(receiver: LineReceiver) {
    this.#receiver = receiver;
  }

  get holds(): boolean {
    return this.#heldSize > 0;
  }

  write(chunk: Uint8Array): void {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (bytes.length === 0) return;
    if (endsInCr(this.#held.at(-1)) && !beginsWithLf(bytes)) this.#finishLine(NOTHING);
    if (this.#heldSize > 0 || this.#line !== "new") {
      const end = lineEnd(bytes, 0);
      if (end < 0) {
        this.#hold(bytes);
        return;
      }
      this.#finishLine(bytes.subarray(0, end));
      bytes = bytes.subarray(end);
    }
    const tail = lastLineEnd(bytes);
    for (let at = 0; at < tail; ) {
      const whole = bytes.subarray(at, tail);
      at += this.#receiver.wantsLines ? this.#everyLine(whole) : this.#markedLines(whole);
    }
    if (tail < bytes.length) this.#hold(bytes.subarray(tail));
  }

  /** Shows what is held of a line without end, unless it may still become a command. */
  releaseHeld(): void {
    if (this.#heldSize === 0) return;
    if (endsInCr(this.#held.at(-1))) {
      this.#finishLine(NOTHING);
      return;
    }
    const held = this.#takeHeld();
    const mayBecome = this.#line === "begun" ? held.includes(LEGACY_MARKER) : mayBecomeCommand(held);
    const shown = mayBecome ? 0 : held.length - trailingHashes(held);
    if (shown > 0) {
      if (this.#receiver.wantsLines) this.#begun += held.toString("utf8", 0, shown);
      this.#line = "begun";
      this.#receiver.show(held.subarray(0, shown));
    }
    if (shown < held.length) this.#keep(held.subarray(shown));
  }

  /** There is nothing more: the line that is held is complete as it is. */
  end(): void {
    if (this.#heldSize > 0 || this.#line !== "new") this.#finishLine(NOTHING);
  }

  #keep(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldSize += bytes.length;
  }

  #takeHeld(): Buffer {
    const [first = NOTHING] = this.#held;
    const held = this.#held.length === 1 ? first : Buffer.concat(this.#held, this.#heldSize);
    this.#held = [];
    this.#heldSize = 0;
    return held;
  }

  /** `bytes` are more of the line that has no end yet; a CR at their end is one, if no LF follows. */
  #hold(bytes: Buffer): void {
    if (this.#line === "dropped" || this.#line === "let-through") {
      const end = endsInCr(bytes) ? bytes.length - 1 : bytes.length;
      if (end < bytes.length) this.#keep(bytes.subarray(end));
      if (this.#line === "let-through") this.#receiver.show(bytes.subarray(0, end));
      return;
    }
    this.#keep(bytes);
    if (this.#heldSize <= this.#lookAt) return;
    const held = this.#takeHeld();
    if (this.#lookAt < LONGEST_COMMAND && isMarked(held)) {
      this.#lookAt = LONGEST_COMMAND;
      this.#keep(held);
      return;
    }
    this.#line = isMaskCommand(held) ? "dropped" : "let-through";
    this.#hold(held);
  }

  /** `end` has the line's last bytes and its end. */
  #finishLine(end: Buffer): void {
    const state = this.#line;
    const begun = this.#begun;
    const bytes = this.#heldSize === 0 ? end : Buffer.concat([this.#takeHeld(), end]);
    this.#line = "new";
    this.#begun = "";
    this.#lookAt = LONGEST_HELD;
    if (state === "dropped") {
      this.#receiver.maskTooLong();
      return;
    }
    if (state === "let-through") {
      this.#receiver.show(bytes);
      return;
    }
    // Of a line whose beginning is shown only a "##[" in its rest can make a command.
    const marked = state === "begun" ? bytes.includes(LEGACY_MARKER) : isMarked(bytes);
    if (marked && this.#obeyed(bytes, () => {})) return;
    if (!this.#receiver.wantsLines) this.#receiver.show(bytes);
    else this.#receiver.lines([{ text: begun + lineText(bytes), bytes, begun: state === "begun" }]);
  }

  /** True: it was a command. What comes before it is shown first, by `showBefore`. */
  #obeyed(line: Buffer, showBefore: () => void): boolean {
    if (line.length > LONGEST_COMMAND) {
      if (!isMaskCommand(line)) return false;
      showBefore();
      this.#receiver.maskTooLong();
      return true;
    }
    const obey = this.#receiver.command(lineText(line));
    if (obey === undefined) return false;
    showBefore();
    obey();
    return true;
  }

  /** `bytes` are whole lines. Returns how many of them are done: fewer than all when lines have come to be wanted. */
  #markedLines(bytes: Buffer): number {
    let shown = 0;
    let marker = bytes.indexOf(MARKER);
    let legacy = bytes.indexOf(LEGACY_MARKER);
    while (marker >= 0 || legacy >= 0) {
      const found = marker < 0 || (legacy >= 0 && legacy < marker) ? legacy : marker;
      const start = lineStart(bytes, found, shown);
      const lineEndAt = lineEnd(bytes, found);
      const end = lineEndAt < 0 ? bytes.length : lineEndAt;
      const hasLegacy = legacy >= 0 && legacy < end;
      if (hasLegacy || isBlank(bytes, start, found)) {
        const before = bytes.subarray(shown, start);
        const showBefore = () => {
          if (before.length > 0) this.#receiver.show(before);
        };
        if (this.#obeyed(bytes.subarray(start, end), showBefore)) {
          shown = end;
          if (this.#receiver.wantsLines) return shown;
        }
      }
      if (marker >= 0 && marker < end) marker = bytes.indexOf(MARKER, end);
      if (hasLegacy) legacy = bytes.indexOf(LEGACY_MARKER, end);
    }
    if (shown < bytes.length) this.#receiver.show(shown === 0 ? bytes : bytes.subarray(shown));
    return bytes.length;
  }

  /** `bytes` are whole lines. Returns how many of them are done: fewer than all when lines are no longer wanted. */
  #everyLine(bytes: Buffer): number {
    let lines: ScannedBytes[] = [];
    const giveLines = () => {
      if (lines.length > 0) this.#receiver.lines(lines);
      lines = [];
    };
    let start = 0;
    while (start < bytes.length) {
      const lineEndAt = lineEnd(bytes, start);
      const line = bytes.subarray(start, lineEndAt < 0 ? bytes.length : lineEndAt);
      start += line.length;
      if (!isMarked(line) || !this.#obeyed(line, giveLines)) {
        lines.push({ text: lineText(line), bytes: line, begun: false });
      } else if (!this.#receiver.wantsLines) {
        return start;
      }
    }
    giveLines();
    return start;
  }
}

function isMaskCommand(line: Buffer): boolean {
  return MASK_COMMAND.test(line.toString("latin1", 0, 4096));
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (!isSpace(bytes[at])) return false;
  return true;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

/** The line may be a command. */
function isMarked(line: Buffer): boolean {
  const marker = line.indexOf(MARKER);
  return (marker >= 0 && isBlank(line, 0, marker)) || line.includes(LEGACY_MARKER);
}

/** The line may be a command once its end is there. */
function mayBecomeCommand(line: Buffer): boolean {
  if (isMarked(line)) return true;
  let at = 0;
  while (isSpace(line[at])) at++;
  return at === line.length || (line[at] === MARKER[0] && at + 1 === line.length);
}

/** How many bytes at the end may be the beginning of "##[". */
function trailingHashes(line: Buffer): number {
  const hash = 35;
  if (line.at(-1) !== hash) return 0;
  return line.at(-2) === hash ? 2 : 1;
}
