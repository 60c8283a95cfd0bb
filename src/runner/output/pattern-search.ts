import { PrefixTree } from "./prefix-tree.ts";

/** Blocks of three bytes are looked up; shorter patterns are looked for byte by byte. */
const BLOCK = 3;
const SHORTEST_LONG = 4;
const HASH_BITS = 15;
const HASH_MASK = (1 << HASH_BITS) - 1;
const LONGEST_SHIFT = 255;

/**
 * Finds all places of many byte patterns in a text at once, overlapping ones too, by the algorithm of Wu and Manber: a
 * window as long as the shortest pattern slides over the text, and the three bytes at its end tell how far it may jump
 * before any pattern can match. Patterns of fewer than four bytes would make every jump short; they have a pass of
 * their own, which costs nothing while there are none.
 */
export class PatternSearch {
  readonly #all = new PrefixTree();
  readonly #long: Uint8Array[] = [];
  readonly #short = new PrefixTree();
  /** These three are empty until there is a pattern: most builds have none, and each would have its tables. */
  #shift = new Uint8Array(0);
  /** A mark for each first byte of a short pattern, and for each pair of first bytes of any. */
  #shortFirsts = new Uint8Array(0);
  #firstPairs = new Uint8Array(0);
  #hasShort = false;
  #window = LONGEST_SHIFT + BLOCK - 1;
  #longest = 0;

  get isEmpty(): boolean {
    return this.#longest === 0;
  }

  add(pattern: Uint8Array): void {
    const [first, second] = pattern;
    if (first === undefined || !this.#all.add(pattern)) return;
    if (this.#longest === 0) this.#makeTables();
    this.#longest = Math.max(this.#longest, pattern.length);
    if (second !== undefined) this.#firstPairs[(first << 8) | second] = 1;
    if (pattern.length < SHORTEST_LONG) {
      this.#hasShort = true;
      this.#short.add(pattern);
      this.#shortFirsts[first] = 1;
      return;
    }
    this.#long.push(pattern);
    if (pattern.length < this.#window) this.#narrow(pattern.length);
    else this.#enter(pattern);
  }

  /** Appends start and end of the longest match at each place to `found`; not in order. */
  search(text: Uint8Array, found: number[]): void {
    if (this.#hasShort) this.#searchShort(text, found);
    if (this.#long.length > 0) this.#searchLong(text, found);
  }

  /** Where the tail begins that more text may turn into a match; the length of the text where there is none. */
  openTail(text: Uint8Array): number {
    const end = text.length;
    const walk = this.#all.walk(text);
    for (let at = Math.max(0, end - this.#longest + 1); at < end; at++) {
      if (at + 1 < end && this.#firstPairs[((text[at] as number) << 8) | (text[at + 1] as number)] === 0) {
        continue;
      }
      if (walk.isOpenAt(at)) return at;
    }
    return end;
  }

  #makeTables(): void {
    this.#shift = new Uint8Array(1 << HASH_BITS).fill(this.#window - BLOCK + 1);
    this.#shortFirsts = new Uint8Array(1 << 8);
    this.#firstPairs = new Uint8Array(1 << 16);
  }

  #narrow(window: number): void {
    this.#window = window;
    this.#shift.fill(window - BLOCK + 1);
    for (const pattern of this.#long) this.#enter(pattern);
  }

  #enter(pattern: Uint8Array): void {
    const window = this.#window;
    for (let at = 0; at + BLOCK <= window; at++) {
      const hash = hashAt(pattern, at);
      const shift = window - BLOCK - at;
      if (shift < (this.#shift[hash] ?? 0)) this.#shift[hash] = shift;
    }
  }

  #searchLong(text: Uint8Array, found: number[]): void {
    const shifts = this.#shift;
    const pairs = this.#firstPairs;
    const window = this.#window;
    const end = text.length;
    const walk = this.#all.walk(text);
    let at = window - 1;
    while (at < end) {
      // Written out, as this line is where the time goes.
      const hash =
        (((text[at - 2] as number) << 10) ^ ((text[at - 1] as number) << 5) ^ (text[at] as number)) &
        HASH_MASK;
      const shift = shifts[hash] as number;
      if (shift > 0) {
        at += shift;
        continue;
      }
      const start = at - window + 1;
      at++;
      if (pairs[((text[start] as number) << 8) | (text[start + 1] as number)] === 0) continue;
      const length = walk.longestAt(start);
      if (length > 0) found.push(start, start + length);
    }
  }

  #searchShort(text: Uint8Array, found: number[]): void {
    const firsts = this.#shortFirsts;
    const end = text.length;
    const walk = this.#short.walk(text);
    for (let at = 0; at < end; at++) {
      if (firsts[text[at] as number] === 0) continue;
      const length = walk.longestAt(at);
      if (length > 0) found.push(at, at + length);
    }
  }
}

function hashAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 10) ^ ((bytes[at + 1] ?? 0) << 5) ^ (bytes[at + 2] ?? 0)) & HASH_MASK;
}
