import type { PatternSearch } from "./pattern-search.ts";

/** `xxd -p` writes 60 characters a line, `openssl base64` 64, `base64` 76. */
const SHORTEST_LINE = 60;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
const TAB = 9;
const ENCODED = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
  ENCODED[byte] = 1;

/** What base64 (or hex) was before a program cut it into lines. */
export interface WrappedText {
  /** Start and end of each line's part of it: without line breaks and indentation. */
  readonly parts: readonly number[];
  /** More text may go on with it. */
  readonly reachesEnd: boolean;
}

/**
 * The wrapped texts that go over a line break. A break belongs to one where it stands behind so much base64 as only
 * wrapped text has. `before`: so many characters of base64 came right before the text.
 */
export function wrappedTexts(text: Uint8Array, before: number): WrappedText[] {
  const found: WrappedText[] = [];
  let from = 0;
  for (;;) {
    const newline = text.indexOf(NEWLINE, from);
    const atEnd = newline < 0;
    // A return at the very end may become the first half of a break.
    if (atEnd && text[text.length - 1] !== RETURN) return found;
    const breakAt = atEnd ? text.length - 1 : startOfBreak(text, newline, from);
    const start = startOfEncoded(text, breakAt, from);
    const length = breakAt - start + (start === 0 ? before : 0);
    if (length < SHORTEST_LINE) {
      if (atEnd) return found;
      from = newline + 1;
      continue;
    }
    const wrapped = wrappedFrom(text, start, breakAt);
    found.push(wrapped);
    if (wrapped.reachesEnd) return found;
    from = wrapped.parts.at(-1) ?? text.length;
  }
}

/** So many characters of base64 end at `until`, as far as that matters. */
export function encodedBefore(text: Uint8Array, until: number, before: number): number {
  const start = startOfEncoded(text, until, Math.max(0, until - SHORTEST_LINE));
  return Math.min(SHORTEST_LINE, until - start + (start === 0 ? before : 0));
}

/** Appends start and end of every part of a match to `found`. */
export function searchWrapped(
  search: PatternSearch,
  text: Uint8Array,
  wrapped: readonly WrappedText[],
  found: number[],
): void {
  for (const { parts } of wrapped) {
    const matches: number[] = [];
    search.search(joined(text, parts), matches);
    for (let i = 0; i < matches.length; i += 2) {
      appendParts(parts, matches[i] ?? 0, matches[i + 1] ?? 0, found);
    }
  }
}

/** Where a tail begins that more text may turn into a match over line breaks; the text's length: nowhere. */
export function openWrappedTail(
  search: PatternSearch,
  text: Uint8Array,
  wrapped: readonly WrappedText[],
): number {
  const last = wrapped.at(-1);
  if (last === undefined || !last.reachesEnd) return text.length;
  const whole = joined(text, last.parts);
  const open = search.openTail(whole);
  if (open === whole.length) return text.length;
  const found: number[] = [];
  appendParts(last.parts, open, whole.length, found);
  return found[0] ?? text.length;
}

function wrappedFrom(text: Uint8Array, start: number, firstBreak: number): WrappedText {
  const parts = [start, firstBreak];
  let at = firstBreak;
  for (;;) {
    if (text[at] === RETURN) at++;
    if (at === text.length) return { parts, reachesEnd: true };
    at++;
    while (text[at] === SPACE || text[at] === TAB) at++;
    const lineStart = at;
    while (ENCODED[text[at] ?? 0] === 1) at++;
    parts.push(lineStart, at);
    if (at >= text.length) return { parts, reachesEnd: true };
    const isBreak = text[at] === NEWLINE || (text[at] === RETURN && (text[at + 1] ?? NEWLINE) === NEWLINE);
    if (!isBreak || at - lineStart < SHORTEST_LINE) return { parts, reachesEnd: false };
  }
}

function startOfBreak(text: Uint8Array, newline: number, from: number): number {
  return newline > from && text[newline - 1] === RETURN ? newline - 1 : newline;
}

function startOfEncoded(text: Uint8Array, end: number, from: number): number {
  let start = end;
  while (start > from && ENCODED[text[start - 1] as number] === 1) start--;
  return start;
}

function joined(text: Uint8Array, parts: readonly number[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let i = 0; i < parts.length; i += 2) pieces.push(text.subarray(parts[i], parts[i + 1]));
  return Buffer.concat(pieces);
}

/** The places in the text of what stands from `start` to `end` in its joined parts. */
function appendParts(parts: readonly number[], start: number, end: number, found: number[]): void {
  let before = 0;
  for (let i = 0; i < parts.length && before < end; i += 2) {
    const partStart = parts[i] ?? 0;
    const length = (parts[i + 1] ?? 0) - partStart;
    const first = Math.max(0, start - before);
    const last = Math.min(length, end - before);
    if (first < last) found.push(partStart + first, partStart + last);
    before += length;
  }
}
