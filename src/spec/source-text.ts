import type { SourcePosition } from "./template/template-value.ts";

/** A half-open stretch of a text, in UTF-16 units from its start. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** The text of a file without its byte order mark, and where its lines begin. */
export class SourceText {
  readonly content: string;
  #lineStarts: readonly number[] | undefined;

  constructor(content: string) {
    this.content = content.startsWith("\uFEFF") ? content.slice(1) : content;
  }

  /** Lines and columns from 1; columns in UTF-16 units. */
  position(offset: number): SourcePosition {
    this.#lineStarts ??= lineStarts(this.content);
    const starts = this.#lineStarts;
    const wanted = Math.max(0, Math.min(offset, this.content.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: wanted - (starts[low] ?? 0) + 1 };
  }

  slice(range: TextRange): string {
    return this.content.slice(range.start, range.end);
  }
}

function lineStarts(content: string): number[] {
  const starts = [0];
  for (let at = content.indexOf("\n"); at >= 0; at = content.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
