import type { OutputStream } from "../io.ts";

const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
// Synchronized output: a terminal that knows it shows the whole change at once; others ignore it.
const BEGIN = "\x1b[?2026h";
const END = "\x1b[?2026l";
const CLEAR_LINE = "\x1b[K";
const CLEAR_BELOW = "\x1b[J";

/**
 * Keeps a block of lines at the bottom of a terminal and changes only what differs. Lines must be no wider than the
 * terminal less one column, and fewer than its rows; text that is to stay is printed above the block.
 */
export class Painter {
  readonly #output: OutputStream;
  #lines: readonly string[] = [];
  #columns: number;
  #hidden = false;

  constructor(output: OutputStream) {
    this.#output = output;
    this.#columns = output.columns;
  }

  paint(lines: readonly string[], above = ""): void {
    const resized = this.#columns !== this.#output.columns;
    const same = lines.length === this.#lines.length && lines.every((line, row) => line === this.#lines[row]);
    if (same && above === "" && !resized) return;
    let text = this.#hidden ? "" : HIDE_CURSOR;
    if (above !== "" || resized) {
      text += `${this.#home()}${CLEAR_BELOW}${above}${block(lines)}`;
    } else text += this.#difference(lines);
    this.#hidden = true;
    this.#lines = lines;
    this.#columns = this.#output.columns;
    this.#output.write(`${BEGIN}${text}${END}`);
  }

  /** Takes the block away and gives the cursor back. */
  clear(): void {
    if (!this.#hidden) return;
    this.#output.write(`${this.#home()}${CLEAR_BELOW}${SHOW_CURSOR}`);
    this.#lines = [];
    this.#hidden = false;
  }

  /** Cursor to the first column of the block's first line. It rests at the end of the last one. */
  #home(): string {
    const up = this.#occupiedRows() - 1;
    return up > 0 ? `\r\x1b[${up}A` : "\r";
  }

  /** A terminal that became narrower has wrapped what stood there. */
  #occupiedRows(): number {
    const columns = this.#output.columns;
    if (columns >= this.#columns) return this.#lines.length;
    return this.#lines.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(visibleLength(line) / columns)),
      0,
    );
  }

  #difference(lines: readonly string[]): string {
    const before = this.#lines;
    let text = "";
    // Where the cursor is, as a row of the block.
    let at = Math.max(0, before.length - 1);
    const moveTo = (row: number) => {
      if (row < at) text += `\r\x1b[${at - row}A`;
      else if (row > at) text += `\r${"\n".repeat(row - at)}`;
      else text += "\r";
      at = row;
    };
    for (const [row, line] of lines.entries()) {
      if (row < before.length && line === before[row]) continue;
      moveTo(row);
      text += row < before.length ? line + CLEAR_LINE : line;
    }
    if (lines.length < before.length) {
      moveTo(lines.length);
      text += CLEAR_BELOW;
    }
    // The cursor rests on the last line, so that the next look finds it there.
    if (at !== Math.max(0, lines.length - 1)) moveTo(Math.max(0, lines.length - 1));
    return text;
  }
}

function block(lines: readonly string[]): string {
  return lines.join("\r\n");
}

/** Without SGR codes; wide characters count once, which errs on the side of leaving a line behind. */
function visibleLength(line: string): number {
  return line.replace(/\x1b\[[0-9;]*m/g, "").length;
}
