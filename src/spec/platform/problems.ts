import type { Node } from "yaml";
import type { Diagnostic } from "../diagnostic.ts";
import type { SourcePosition } from "../template/template-value.ts";

export interface ProblemOptions {
  readonly hint?: string | undefined;
  readonly severity?: Diagnostic["severity"];
}

/** Where something stands in the text, counted from 0; `end` is exclusive. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** Collects the mistakes of one file, so that all are told at once. */
export class Problems {
  readonly #file: string;
  readonly #content: string;
  /** Where each line starts. */
  readonly #lineStarts: readonly number[];
  readonly #found: { readonly start: number; readonly diagnostic: Diagnostic }[] = [];

  constructor(file: string, content: string) {
    this.#file = file;
    this.#content = content;
    this.#lineStarts = [0, ...Array.from(content.matchAll(/\n/g), ({ index }) => index + 1)];
  }

  add(
    where: TextRange,
    code: string,
    message: string,
    { hint, severity = "error" }: ProblemOptions = {},
  ): void {
    const start = this.position(where.start);
    const end = this.position(this.#lastOf(where));
    const diagnostic: Diagnostic = {
      severity,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      file: this.#file,
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column + 1,
    };
    this.#found.push({ start: where.start, diagnostic });
  }

  /** Line and column, counted from 1. */
  position(offset: number): SourcePosition {
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (this.#lineStarts[low] ?? 0) + 1 };
  }

  get hasErrors(): boolean {
    return this.#found.some(({ diagnostic }) => diagnostic.severity === "error");
  }

  /** In the order of the file. */
  get diagnostics(): Diagnostic[] {
    return this.#found.toSorted((a, b) => a.start - b.start).map(({ diagnostic }) => diagnostic);
  }

  /** The last character. Block values reach over the line ends behind them; a mistake does not. */
  #lastOf({ start, end }: TextRange): number {
    const text = this.#content.slice(start, end).trimEnd();
    return start + Math.max(0, text.length - 1);
  }
}

export function rangeOf(node: Node | null | undefined): TextRange {
  const [start = 0, end = start] = node?.range ?? [];
  return { start, end };
}
