import { readLogLine } from "../output/fold-groups.ts";

/** An unfinished line longer than this is written as it is, so that a line without an end takes no memory. */
const MAX_HELD = 16 * 1024;
const COMMAND_MARK = Buffer.from("##[");

export interface LinePrefixerOptions {
  /** What stands before each line. */
  readonly prefix: string;
  /** How a line that begins with a `##[…]` mark is shown; undefined: not at all. */
  readonly command: (line: NonNullable<ReturnType<typeof readLogLine>>) => string | undefined;
  /** Applied to every line, where bytes may not go out as they are (a terminal). */
  readonly clean?: ((line: string) => string) | undefined;
  /** Applied to lines that come in one piece with a marked one, where there is no `clean`: the runner's own. */
  readonly own?: ((line: string) => string) | undefined;
}

/** What to write, and whether it ends in the middle of a line. */
export interface Prefixed {
  readonly bytes: Uint8Array;
  readonly open: boolean;
}

const NOTHING: Prefixed = { bytes: new Uint8Array(0), open: false };

/**
 * Puts a prefix before every line of a step's output, at about a gigabyte a second: chunks without marks are handled
 * as one Latin-1 string, which keeps every byte as it is.
 */
export class LinePrefixer {
  readonly #options: LinePrefixerOptions;
  readonly #prefix: string;
  #held: Uint8Array[] = [];
  #heldLength = 0;
  /** The line that is being written had no end yet. */
  #open = false;

  constructor(options: LinePrefixerOptions) {
    this.#options = options;
    this.#prefix = Buffer.from(options.prefix).toString("latin1");
  }

  push(chunk: Uint8Array): Prefixed {
    const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const end = data.lastIndexOf(10);
    if (end === -1) {
      this.#hold(data);
      return this.#heldLength > MAX_HELD || this.#open ? this.#release("") : NOTHING;
    }
    const whole = data.subarray(0, end);
    const lines = this.#heldLength > 0 ? Buffer.concat([...this.#held, whole]) : whole;
    this.#held = [];
    this.#heldLength = 0;
    const text = this.#format(lines, "\n");
    this.#open = false;
    if (end + 1 < data.length) this.#hold(data.subarray(end + 1));
    return { bytes: Buffer.from(text, "latin1"), open: false };
  }

  /** Someone else writes next, or the step has ended: the unfinished line is written with an end. */
  flush(): Prefixed {
    if (this.#heldLength > 0) return this.#release("\n");
    if (!this.#open) return NOTHING;
    this.#open = false;
    return { bytes: Buffer.from("\n"), open: false };
  }

  #hold(data: Uint8Array): void {
    this.#held.push(data);
    this.#heldLength += data.length;
  }

  #release(end: string): Prefixed {
    const text = this.#format(Buffer.concat(this.#held), end);
    this.#held = [];
    this.#heldLength = 0;
    this.#open = end === "";
    return { bytes: Buffer.from(text, "latin1"), open: this.#open };
  }

  #format(lines: Buffer, end: string): string {
    const begin = this.#open ? "" : this.#prefix;
    if (this.#options.clean === undefined && lines.indexOf(COMMAND_MARK) === -1) {
      return begin + lines.toString("latin1").replaceAll("\n", `\n${this.#prefix}`) + end;
    }
    return this.#formatEach(lines.toString("utf8").split("\n"), end);
  }

  #formatEach(lines: readonly string[], end: string): string {
    let text = "";
    for (const [index, line] of lines.entries()) {
      const isContinued = index === 0 && this.#open;
      const shown = isContinued ? this.#cleaned(line) : this.#line(line);
      const last = index === lines.length - 1;
      if (shown !== undefined)
        text += `${isContinued ? "" : this.#options.prefix}${shown}${last ? end : "\n"}`;
    }
    return Buffer.from(text).toString("latin1");
  }

  #line(line: string): string | undefined {
    const read = readLogLine(line);
    if (read === undefined) return undefined;
    return read.kind === "text" ? this.#cleaned(read.text) : this.#options.command(read);
  }

  #cleaned(line: string): string {
    const { clean, own } = this.#options;
    return (clean ?? own)?.(line) ?? line;
  }
}
