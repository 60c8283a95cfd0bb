import type { Palette, Style } from "../output/color.ts";
import { fitText, textWidth } from "../output/text-width.ts";

/** One line of the tree before it is fitted to the terminal. */
export interface RowContent {
  readonly indent: number;
  /** One column wide. */
  readonly icon: string;
  readonly iconStyle: Style;
  readonly name: string;
  readonly nameStyle?: Style;
  /** After the name, where there is room. */
  readonly detail?: string;
  readonly detailStyle?: Style;
  /** At the right edge. */
  readonly right?: string;
}

const GAP = 2;
/** A name keeps at least this much before the right edge is given up. */
const LEAST_NAME = 8;

/** `  ✓ name detail          1.2s`, no wider than `columns`. */
export function layoutRow(row: RowContent, columns: number, style: Palette): string {
  // Deep indents must not eat a narrow terminal.
  const indent = Math.min(row.indent, Math.floor(columns / 4));
  const right = row.right ?? "";
  const inner = columns - indent - 2;
  const showsRight = right !== "" && inner - right.length - GAP >= LEAST_NAME;
  const room = showsRight ? inner - right.length - GAP : inner;
  const name = fitText(row.name, room);
  const nameWidth = textWidth(name);
  const left = room - nameWidth - GAP;
  const detail = row.detail !== undefined && left >= 6 ? fitText(row.detail, left) : "";
  const used = nameWidth + (detail === "" ? 0 : GAP + textWidth(detail));
  return [
    " ".repeat(indent),
    row.iconStyle(row.icon),
    " ",
    (row.nameStyle ?? plain)(name),
    detail === "" ? "" : `  ${(row.detailStyle ?? style.dim)(detail)}`,
    showsRight ? `${" ".repeat(Math.max(GAP, inner - used - right.length))}${style.dim(right)}` : "",
  ].join("");
}

function plain(text: string): string {
  return text;
}
