import type { Palette } from "./color.ts";
import { plainScreenText } from "./screen-text.ts";
import { fitText, textWidth } from "./text-width.ts";

export interface TableLayout {
  /** Of the terminal. */
  readonly columns: number;
  readonly style: Palette;
  /** Before each line. */
  readonly indent?: string;
  /** How wide a column but the last may become. */
  readonly maxWidth?: number;
}

/** Rows under a head, in columns as wide as what stands in them; the last takes what is left. `loadTextWidth` first. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns, style, indent = "", maxWidth = 40 }: TableLayout,
): string {
  const cells = [head, ...rows].map((row) => row.map(plainScreenText));
  const widths = head.map((_, column) =>
    Math.min(maxWidth, Math.max(...cells.map((row) => textWidth(row[column] ?? "")))),
  );
  return cells
    .map((row, index) => {
      let room = columns - indent.length - 1;
      const line = row
        .map((cell, column) => {
          const width = Math.min(widths[column] ?? 0, Math.max(0, room));
          room -= width + 2;
          const fitted = fitText(cell, column === head.length - 1 ? Math.max(width, room + width) : width);
          return fitted + " ".repeat(Math.max(0, width - textWidth(fitted)));
        })
        .join("  ")
        .trimEnd();
      return `${indent}${index === 0 ? style.dim(line) : line}\n`;
    })
    .join("");
}
