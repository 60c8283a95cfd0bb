import type { Diagnostic } from "./diagnostic.ts";
import type { SourceText, TextRange } from "./source-text.ts";

/** Nobody reads more; the last one says that there were. */
const MAX_DIAGNOSTICS = 500;

/** Collects what is wrong with one file. The same thing said twice of the same place is kept once. */
export class DiagnosticList {
  readonly #file: string;
  readonly #source: SourceText;
  readonly #found = new Map<string, Diagnostic>();
  #dropped = 0;
  #failed = false;

  constructor(file: string, source: SourceText) {
    this.#file = file;
    this.#source = source;
  }

  error(code: string, range: TextRange, message: string, hint?: string): void {
    this.#failed = true;
    this.#add("error", code, range, message, hint);
  }

  warning(code: string, range: TextRange, message: string, hint?: string): void {
    this.#add("warning", code, range, message, hint);
  }

  get hasErrors(): boolean {
    return this.#failed;
  }

  /** In the order of the file. */
  toArray(): Diagnostic[] {
    const all = [...this.#found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
    const last = all.at(-1);
    if (last && this.#dropped > 0) {
      const message = `There are ${this.#dropped} more; only the first ${MAX_DIAGNOSTICS} found are shown`;
      all.push({ ...last, severity: this.#failed ? "error" : "warning", code: "too-many-mistakes", message });
    }
    return all;
  }

  #add(severity: "error" | "warning", code: string, range: TextRange, message: string, hint?: string): void {
    const key = `${range.start}:${range.end}:${message}`;
    if (this.#found.has(key)) return;
    if (this.#found.size >= MAX_DIAGNOSTICS) {
      this.#dropped += 1;
      return;
    }
    const start = this.#source.position(range.start);
    const end = this.#source.position(Math.max(range.start, range.end));
    this.#found.set(key, {
      severity,
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      file: this.#file,
      line: start.line,
      column: start.column,
      endLine: end.line,
      endColumn: end.column,
    });
  }
}
