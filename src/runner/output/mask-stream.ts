import type { PatternSearch } from "./pattern-search.ts";
import { encodedBefore, openWrappedTail, searchWrapped, wrappedTexts } from "./wrapped-text.ts";

const NOTHING = new Uint8Array(0);
const MASK = Buffer.from("***");

/**
 * Hides patterns in bytes that come in pieces; where the pieces are cut makes no difference. Every byte that is part of
 * a match is hidden, and each unbroken run of hidden bytes is shown as one `***`. Base64 that was wrapped into lines is
 * searched as if it was not; its line breaks are shown.
 *
 * A tail that may be the beginning of a match is held back, for as long as it takes: shown after a pause, it would be
 * the one half of a secret that is printed in two.
 */
export class MaskStream {
  readonly #search: PatternSearch;
  #held: Uint8Array = NOTHING;
  /** Start and end of what belongs to matches in what is held: some began before. */
  #heldRuns: readonly number[] = [];
  /** So many characters of base64 end where what is held begins. */
  #encodedBefore = 0;
  /** The last byte that was let go was hidden: what follows it hidden needs no `***` of its own. */
  #inMask = false;

  constructor(search: PatternSearch) {
    this.#search = search;
  }

  /** Bytes that were pushed have not been given back yet. */
  get isHolding(): boolean {
    return this.#held.length > 0;
  }

  /** Returns what can be shown by now: all but a tail that may be the beginning of a secret. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return NOTHING;
    if (this.#search.isEmpty && this.#held.length === 0) {
      this.#inMask = false;
      this.#encodedBefore = encodedBefore(bytes, bytes.length, this.#encodedBefore);
      return bytes;
    }
    return this.#show(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]), false);
  }

  /** The rest. */
  end(): Uint8Array {
    return this.#held.length === 0 ? NOTHING : this.#show(this.#held, true);
  }

  #show(text: Uint8Array, isEnd: boolean): Uint8Array {
    const search = this.#search;
    const wrapped = wrappedTexts(text, this.#encodedBefore);
    const until = isEnd
      ? text.length
      : Math.min(search.openTail(text), openWrappedTail(search, text, wrapped));
    const found = [...this.#heldRuns];
    search.search(text, found);
    searchWrapped(search, text, wrapped, found);
    const runs = hiddenRuns(found);
    this.#held = until === text.length ? NOTHING : Buffer.from(text.subarray(until));
    this.#heldRuns = runsFrom(runs, until);
    if (until === 0) return NOTHING;
    this.#encodedBefore = encodedBefore(text, until, this.#encodedBefore);
    if ((runs[0] ?? until) >= until) {
      this.#inMask = false;
      return until === text.length ? text : text.subarray(0, until);
    }
    return this.#replace(text, until, runs);
  }

  #replace(text: Uint8Array, until: number, runs: readonly number[]): Uint8Array {
    const parts: Uint8Array[] = [];
    let at = 0;
    for (let i = 0; i < runs.length; i += 2) {
      const start = runs[i] ?? 0;
      if (start >= until) break;
      if (start > at) parts.push(text.subarray(at, start));
      if (start > 0 || !this.#inMask) parts.push(MASK);
      at = runs[i + 1] ?? 0;
    }
    this.#inMask = at >= until;
    if (at < until) parts.push(text.subarray(at, until));
    return Buffer.concat(parts);
  }
}

/** Start and end of each run of hidden bytes, in order; matches that overlap or touch are one run. */
function hiddenRuns(found: readonly number[]): number[] {
  const matches: [start: number, end: number][] = [];
  for (let i = 0; i < found.length; i += 2) matches.push([found[i] ?? 0, found[i + 1] ?? 0]);
  matches.sort((a, b) => a[0] - b[0]);
  const runs: number[] = [];
  for (const [start, end] of matches) {
    const lastEnd = runs.at(-1);
    if (lastEnd !== undefined && start <= lastEnd) runs[runs.length - 1] = Math.max(lastEnd, end);
    else runs.push(start, end);
  }
  return runs;
}

/** What of the runs lies behind `from`, counted from there. */
function runsFrom(runs: readonly number[], from: number): number[] {
  const behind: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const end = (runs[i + 1] ?? 0) - from;
    if (end > 0) behind.push(Math.max(0, (runs[i] ?? 0) - from), end);
  }
  return behind;
}
