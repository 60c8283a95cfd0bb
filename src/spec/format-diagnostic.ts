import stringWidth from "string-width";
import type { Diagnostic } from "./diagnostic.ts";

export interface FormatDiagnosticOptions {
  readonly color: boolean;
}

const TAB = "    ";
/** Columns of source shown of a very long line. */
const MAX_SHOWN = 160;

/**
 * A diagnostic for a terminal: `file:line:column`, the message, the line itself with a caret under the mistake, and
 * the hint. Ends without a newline. `sourceText` is the whole file; undefined shows no line.
 */
export function formatDiagnostic(
  diagnostic: Diagnostic,
  sourceText: string | undefined,
  options: FormatDiagnosticOptions,
): string {
  const paint = options.color ? ansi : plain;
  const { severity, code, message, hint, file, line, column } = diagnostic;
  const tint = severity === "error" ? RED : YELLOW;
  const head = `${paint(BOLD, `${file}:${line}:${column}`)}: ${paint(tint, severity)}: ${paint(BOLD, visible(message))} ${paint(DIM, `[${code}]`)}`;
  const text = sourceText === undefined ? undefined : lineOf(sourceText, line);
  const gutter = " ".repeat(String(line).length);
  const shown: string[] = [head];
  if (text !== undefined) {
    const { before, marked, after } = cut(text, diagnostic);
    const caret = "^".repeat(Math.max(1, stringWidth(marked)));
    shown.push(
      paint(DIM, `${gutter} |`),
      `${paint(DIM, `${line} |`)} ${before}${marked}${after}`.trimEnd(),
      `${paint(DIM, `${gutter} |`)} ${" ".repeat(stringWidth(before))}${paint(tint, caret)}`,
    );
  }
  if (hint !== undefined) shown.push(`${gutter} ${paint(DIM, "=")} ${paint(CYAN, "hint")}: ${visible(hint)}`);
  return shown.join("\n");
}

/** The line in three parts, ready to print: tabs as spaces, controls made visible, shortened around the mistake. */
function cut(text: string, { line, column, endLine, endColumn }: Diagnostic) {
  const start = Math.min(column - 1, text.length);
  const end = Math.max(start, Math.min(endLine > line ? text.trimEnd().length : endColumn - 1, text.length));
  let before = printable(text.slice(0, start));
  let marked = printable(text.slice(start, end));
  let after = printable(text.slice(end));
  if (stringWidth(before) > MAX_SHOWN / 2) before = `…${[...before].slice(-MAX_SHOWN / 4).join("")}`;
  if (stringWidth(marked) > MAX_SHOWN) marked = `${[...marked].slice(0, MAX_SHOWN - 1).join("")}…`;
  const room = Math.max(0, MAX_SHOWN - stringWidth(before) - stringWidth(marked));
  if (stringWidth(after) > room) after = `${[...after].slice(0, room).join("")}…`;
  return { before, marked, after };
}

function lineOf(text: string, line: number): string | undefined {
  let start = text.startsWith("\uFEFF") ? 1 : 0;
  for (let number = 1; number < line; number++) {
    const next = text.indexOf("\n", start);
    if (next < 0) return undefined;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
}

function printable(text: string): string {
  return visible(text.replaceAll("\t", TAB));
}

/** A file is not trusted to move the cursor or to colour the terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g, "\uFFFD");
}

type Style = readonly [on: number, off: number];
const BOLD: Style = [1, 22];
const DIM: Style = [2, 22];
const RED: Style = [31, 39];
const YELLOW: Style = [33, 39];
const CYAN: Style = [36, 39];

function ansi([on, off]: Style, text: string): string {
  return `\u001B[${on}m${text}\u001B[${off}m`;
}

function plain(_style: Style, text: string): string {
  return text;
}
