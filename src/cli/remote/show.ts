import type { Io } from "../io.ts";
import { palette, wantsColor } from "../output/color.ts";
import { plainScreenText } from "../output/screen-text.ts";
import { table } from "../output/table.ts";
import { loadTextWidth } from "../output/text-width.ts";

/** Prints rows as a table, or `items` as JSON where it is wanted. */
export async function show(
  io: Io,
  asJson: boolean,
  items: unknown,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<void> {
  if (asJson) {
    await io.stdout.write(`${JSON.stringify(items, undefined, 2)}\n`);
    return;
  }
  if (rows.length === 0) {
    // Not on standard output: there is nothing for whoever reads rows.
    io.stderr.write("There are none.\n");
    return;
  }
  await loadTextWidth();
  const columns = io.stdout.isTTY ? io.stdout.columns : 160;
  await io.stdout.write(
    table(head, rows, { columns, style: palette(wantsColor(io.env, io.stdout)), maxWidth: 60 }),
  );
}

/** Prints what is known of one thing, a name and its value a line, or `value` as JSON where it is wanted. */
export async function showFacts(
  io: Io,
  asJson: boolean,
  value: unknown,
  facts: readonly (readonly [name: string, value: string])[],
): Promise<void> {
  const width = Math.max(...facts.map(([name]) => name.length));
  const lines = facts.map(([name, text]) => `${name.padEnd(width)}  ${plainScreenText(text)}\n`);
  await io.stdout.write(asJson ? `${JSON.stringify(value, undefined, 2)}\n` : lines.join(""));
}

/** Prints a sentence, or `value` as JSON where it is wanted. */
export async function say(io: Io, asJson: boolean, value: unknown, sentence: string): Promise<void> {
  await io.stdout.write(asJson ? `${JSON.stringify(value, undefined, 2)}\n` : `${sentence}\n`);
}

/** `3m ago`: how long ago an ISO time was. */
export function ago(time: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(time)) / 1000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}

/** `refs/heads/main` is `main`. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, "");
}
