import type { PatternSearch } from "./pattern-search.ts";

const NOTHING = new Uint8Array(0);
const MASK = Buffer.from("***");

/**
 * Hides patterns in bytes that come in pieces; where the pieces are cut makes no difference. Every byte that is part of
 * a match is hidden, and each unbroken run of hidden bytes is shown as one `***`.
 *
 * A tail that may be the beginning of a match is held back, for as long as it takes: shown after a pause, it would be
 * the one half of a secret that is printed in two.
 */
export class MaskStream {
  readonly #search: PatternSearch;
  #held: Uint8Array = NOTHING;
  /** So many bytes at the beginning of what is held belong to a match that began before. */
  #heldHidden = 0;
  /** The last byte that was let go was hidden: what follows it hidden needs no `***` of its own. */
  #inMask = false;

  constructor(search: PatternSearch) {
    this.#search = search;
  }

  /** Returns what can be shown by now: all but a tail that may be the beginning of a secret. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return NOTHING;
    if (this.#search.isEmpty && this.#held.length === 0) {
      this.#inMask = false;
      return bytes;
    }
    const text = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    return this.#show(text, this.#search.openTail(text));
  }

  /** The rest. */
  end(): Uint8Array {
    return this.#held.length === 0 ? NOTHING : this.#show(this.#held, this.#held.length);
  }

  #show(text: Uint8Array, until: number): Uint8Array {
    const found: number[] = [];
    this.#search.search(text, found);
    const runs = hiddenRuns(found, this.#heldHidden, until);
    const lastEnd = runs.at(-1) ?? 0;
    this.#held = until === text.length ? NOTHING : Buffer.from(text.subarray(until));
    this.#heldHidden = Math.max(0, lastEnd - until);
    if (until === 0) return NOTHING;
    if (runs.length === 0) {
      this.#inMask = false;
      return until === text.length ? text : text.subarray(0, until);
    }
    const shown = this.#replace(text, until, runs);
    this.#inMask = lastEnd >= until;
    return shown;
  }

  #replace(text: Uint8Array, until: number, runs: readonly number[]): Uint8Array {
    const parts: Uint8Array[] = [];
    let at = 0;
    for (let i = 0; i < runs.length; i += 2) {
      const start = runs[i] ?? 0;
      if (start > at) parts.push(text.subarray(at, start));
      if (start > 0 || !this.#inMask) parts.push(MASK);
      at = runs[i + 1] ?? 0;
    }
    if (at < until) parts.push(text.subarray(at, until));
    return Buffer.concat(parts);
  }
}

/**
 * Start and end of each run of hidden bytes that begins before `until`, in order; matches that overlap or touch are
 * one run.
 */
function hiddenRuns(found: readonly number[], hiddenFirst: number, until: number): number[] {
  const matches: [start: number, end: number][] = hiddenFirst > 0 ? [[0, hiddenFirst]] : [];
  for (let i = 0; i < found.length; i += 2) {
    const start = found[i] ?? 0;
    if (start < until) matches.push([start, found[i + 1] ?? 0]);
  }
  matches.sort((a, b) => a[0] - b[0]);
  const runs: number[] = [];
  for (const [start, end] of matches) {
    const lastEnd = runs.at(-1);
    if (lastEnd !== undefined && start <= lastEnd) runs[runs.length - 1] = Math.max(lastEnd, end);
    else runs.push(start, end);
  }
  return runs;
}
