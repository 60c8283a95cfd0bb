export interface KeyValues {
  /** All before the first mistake. */
  readonly pairs: readonly (readonly [name: string, value: string])[];
  readonly error?: string;
}

/**
 * Reads the text of a `GITHUB_ENV`, `GITHUB_OUTPUT` or `GITHUB_STATE` file: `NAME=value` lines, and
 *
 *     NAME<<DELIMITER
 *     lines of the value
 *     DELIMITER
 *
 * Where a line has both "=" and "<<" the first of the two counts. Empty lines between are skipped. Differs from GitHub's
 * runner on Linux: a CR before a line's end belongs to the end, not to the value; an empty name is a mistake in both forms.
 */
export function parseKeyValues(text: string): KeyValues {
  const pairs: [name: string, value: string][] = [];
  const lines = new Lines(text);
  for (let line = lines.next(); line !== undefined; line = lines.next()) {
    if (line.text === "") continue;
    const equals = line.text.indexOf("=");
    const heredoc = line.text.indexOf("<<");
    if (equals < 0 && heredoc < 0) return { pairs, error: `Invalid format '${line.text}'` };
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) return { pairs, error: `Invalid format '${line.text}'. Name must not be empty` };
      pairs.push([line.text.slice(0, equals), line.text.slice(equals + 1)]);
      continue;
    }
    const name = line.text.slice(0, heredoc);
    const delimiter = line.text.slice(heredoc + 2);
    if (name === "" || delimiter === "") {
      const error = `Invalid format '${line.text}'. Name must not be empty and delimiter must not be empty`;
      return { pairs, error };
    }
    const value = lines.until(delimiter);
    if (typeof value !== "string") return { pairs, error: value.error };
    pairs.push([name, value]);
  }
  return { pairs };
}

interface Line {
  readonly text: string;
  readonly start: number;
  /** Without the line's end. */
  readonly end: number;
  readonly hasEnd: boolean;
}

class Lines {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  next(): Line | undefined {
    const text = this.#text;
    const start = this.#at;
    if (start >= text.length) return undefined;
    const lf = text.indexOf("\n", start);
    const hasEnd = lf >= 0;
    this.#at = hasEnd ? lf + 1 : text.length;
    const end = !hasEnd ? text.length : lf > start && text[lf - 1] === "\r" ? lf - 1 : lf;
    return { text: text.slice(start, end), start, end, hasEnd };
  }

  /** The lines before the one that is only the delimiter, as they are written, without the end of the last. */
  until(delimiter: string): string | { readonly error: string } {
    const start = this.#at;
    let end = start;
    for (let line = this.next(); line?.text !== delimiter; line = this.next()) {
      if (line === undefined) return { error: `Invalid value. Matching delimiter not found '${delimiter}'` };
      if (!line.hasEnd) return { error: "Invalid value. EOF marker missing new line." };
      end = line.end;
    }
    return this.#text.slice(start, end);
  }
}
