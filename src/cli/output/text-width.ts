/**
 * Columns a text takes on a terminal. Plain ASCII is counted; anything else needs `string-width`, which takes 30 ms to
 * load and is loaded only when such a text is about to be shown (`loadTextWidth`).
 */
let measure: ((text: string) => number) | undefined;

// Printable ASCII only.
const ASCII = /^[\x20-\x7e]*$/;

export function isAscii(text: string): boolean {
  return ASCII.test(text);
}

export async function loadTextWidth(): Promise<void> {
  if (measure !== undefined) return;
  const { default: stringWidth } = await import("string-width");
  measure = (text) => stringWidth(text);
}

export function textWidth(text: string): number {
  if (isAscii(text)) return text.length;
  return measure === undefined ? roughWidth(text) : measure(text);
}

/** Until the library is there: never too small, so that a line never wraps. */
function roughWidth(text: string): number {
  let width = 0;
  for (const character of text) width += (character.codePointAt(0) ?? 0) < 0x1100 ? 1 : 2;
  return width;
}

/** Cuts a text without ANSI codes to a number of columns, with `…` in the place of what is cut. */
export function fitText(text: string, columns: number): string {
  if (columns <= 0) return "";
  if (isAscii(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  if (textWidth(text) <= columns) return text;
  let fitted = "";
  let width = 0;
  for (const { segment } of segmenter().segment(text)) {
    width += textWidth(segment);
    if (width > columns - 1) break;
    fitted += segment;
  }
  return `${fitted}…`;
}

let graphemes: Intl.Segmenter | undefined;

function segmenter(): Intl.Segmenter {
  graphemes ??= new Intl.Segmenter();
  return graphemes;
}
