export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded";

const ESCAPE_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Where the characters of a YAML scalar's value stand in its source, both from 0: past quotes and escapes, and over
 * the line breaks that YAML folds and the indentation that it drops. Nothing is computed before the first question.
 */
export function scalarOffsets(source: string, style: ScalarStyle, value: string): (index: number) => number {
  if (style === "plain" && source === value) return (index) => index;
  let offsets: Uint32Array | undefined;
  return (index) => {
    offsets ??= align(source, style, value);
    return offsets[Math.min(index, value.length)] ?? 0;
  };
}

/** One offset for each character, and one for the end of the value. */
function align(source: string, style: ScalarStyle, value: string): Uint32Array {
  const offsets = new Uint32Array(value.length + 1);
  const block = style === "literal" || style === "folded";
  const indent = block ? blockIndent(source, value) : 0;
  let at = block ? lineStart(source, source.indexOf("\n") + 1, indent) : style === "plain" ? 0 : 1;
  let seen = 0;
  while (seen < value.length && at < source.length) {
    const char = source[at];
    if (style === "double" && char === "\\") {
      const { length, units } = escapeAt(source, at);
      for (let unit = 0; unit < units; unit++) offsets[seen + unit] = at;
      at += length;
      seen += units;
    } else if (char === value[seen]) {
      offsets[seen] = at;
      at += style === "single" && char === "'" ? 2 : 1;
      seen += 1;
      if (block && char === "\n") at = lineStart(source, at, indent);
    } else if (char === "\n" && value[seen] === " ") {
      offsets[seen] = at;
      at = block ? lineStart(source, at + 1, indent) : at + 1;
      seen += 1;
    } else if (char === "\n" && block) {
      at = lineStart(source, at + 1, indent);
    } else {
      at += 1;
    }
  }
  offsets.fill(at, seen);
  return offsets;
}

/** What the first line that is not empty has more of in the source than in the value. */
function blockIndent(source: string, value: string): number {
  const body = source.slice(source.indexOf("\n") + 1);
  return leadingSpaces(body) - leadingSpaces(value);
}

function leadingSpaces(text: string): number {
  return /^( *)[^ \r\n]/m.exec(text)?.[1]?.length ?? 0;
}

function lineStart(source: string, from: number, indent: number): number {
  let at = from;
  while (at < from + indent && source[at] === " ") at += 1;
  return at;
}

function escapeAt(source: string, at: number): { length: number; units: number } {
  const kind = source[at + 1] ?? "";
  if (kind === "\n" || kind === "\r") {
    return { length: /^\\\r?\n[ \t]*/.exec(source.slice(at))?.[0].length ?? 2, units: 0 };
  }
  const digits = ESCAPE_LENGTHS[kind] ?? 0;
  const code = Number.parseInt(source.slice(at + 2, at + 2 + digits), 16);
  return { length: 2 + digits, units: code > 0xffff ? 2 : 1 };
}
