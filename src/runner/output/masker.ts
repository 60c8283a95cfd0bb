import { MaskStream } from "./mask-stream.ts";
import { PatternSearch } from "./pattern-search.ts";
import { valueEncodings } from "./value-encodings.ts";

const ONLY_BRACKETS = /^[[\](){},;]{1,3}$/;

/** Hides secrets of one job, in every encoding they are likely to be printed in. */
export class Masker {
  readonly #search = new PatternSearch();
  readonly #values = new Set<string>();

  /**
   * From here on the value, each of its lines, and their encodings are shown as `***`. Space around them is not part of
   * the secret; blank values are ignored. Differs from GitHub: a line of a multi-line value that is only brackets or
   * commas is not hidden by itself, as every other bracket in the log would be too.
   */
  add(value: string): void {
    const whole = value.trim();
    const lines = whole.split(/[\r\n]+/).map((line) => line.trim());
    for (const text of [
      whole,
      ...(lines.length > 1 ? lines.filter((line) => !ONLY_BRACKETS.test(line)) : []),
    ]) {
      if (text === "" || this.#values.has(text)) continue;
      this.#values.add(text);
      for (const encoding of valueEncodings(text)) this.#search.add(Buffer.from(encoding));
    }
  }

  /** A whole text (a message, an output, a summary) with its secrets hidden. */
  text(text: string): string {
    if (this.#search.isEmpty || text === "") return text;
    const bytes = Buffer.from(text);
    const stream = this.stream();
    const shown = Buffer.concat([stream.push(bytes), stream.end()]);
    return shown.equals(bytes) ? text : shown.toString();
  }

  /** For bytes that come in pieces. Values added later are hidden in what comes later. */
  stream(): MaskStream {
    return new MaskStream(this.#search);
  }
}
