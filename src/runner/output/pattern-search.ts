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
  readonly #known = new Set<string>();
  readonly #long: Uint8Array[] = [];
  readonly #short: Uint8Array[] = [];
  readonly #shift = new Uint8Array(1 << HASH_BITS);
  /** Patterns by the hash of the block at their window's end. */
  readonly #byBlock = new Map<number, Uint8Array[]>();
  /** Patterns by their first byte, and a mark for each pair of first bytes. */
  readonly #byFirst: (Uint8Array[] | undefined)[] = new Array(256);
  readonly #shortByFirst: (Uint8Array[] | undefined)[] = new Array(256);
  readonly #firstPairs = new Uint8Array(1 << 16);
  #window = LONGEST_SHIFT + BLOCK - 1;
  #longest = 0;

  constructor() {
    this.#shift.fill(this.#window - BLOCK + 1);
  }

  get isEmpty(): boolean {
    return this.#longest === 0;
  }

  add(pattern: Uint8Array): void {
    const key = Buffer.from(pattern).toString("latin1");
    const [first, second = 0] = pattern;
    if (first === undefined || this.#known.has(key)) return;
    this.#known.add(key);
    this.#longest = Math.max(this.#longest, pattern.length);
    addTo(this.#byFirst, first, pattern);
    if (pattern.length > 1) this.#firstPairs[(first << 8) | second] = 1;
    if (pattern.length < SHORTEST_LONG) {
      this.#short.push(pattern);
      addTo(this.#shortByFirst, first, pattern);
      return;
    }
    this.#long.push(pattern);
    if (pattern.length < this.#window) this.#narrow(pattern.length);
    else this.#enter(pattern);
  }

  /** Appends start and end of every match to `found`; not in order. */
  search(text: Uint8Array, found: number[]): void {
    if (this.#short.length > 0) this.#searchShort(text, found);
    if (this.#long.length > 0) this.#searchLong(text, found);
  }

  /** Where the tail begins that more text may turn into a match; the length of the text where there is none. */
  openTail(text: Uint8Array): number {
    const end = text.length;
    for (let at = Math.max(0, end - this.#longest + 1); at < end; at++) {
      const first = text[at] ?? 0;
      const candidates = this.#byFirst[first];
      if (candidates === undefined) continue;
      if (at + 1 < end && this.#firstPairs[(first << 8) | (text[at + 1] ?? 0)] === 0) continue;
      for (const pattern of candidates) {
        if (pattern.length > end - at && startsWith(text, at, pattern, end - at)) return at;
      }
    }
    return end;
  }

  #narrow(window: number): void {
    this.#window = window;
    this.#shift.fill(window - BLOCK + 1);
    this.#byBlock.clear();
    for (const pattern of this.#long) this.#enter(pattern);
  }

  #enter(pattern: Uint8Array): void {
    const window = this.#window;
    for (let at = 0; at + BLOCK <= window; at++) {
      const hash = hashAt(pattern, at);
      const shift = window - BLOCK - at;
      if (shift < (this.#shift[hash] ?? 0)) this.#shift[hash] = shift;
    }
    const last = hashAt(pattern, window - BLOCK);
    const bucket = this.#byBlock.get(last);
    if (bucket === undefined) this.#byBlock.set(last, [pattern]);
    else bucket.push(pattern);
  }

  #searchLong(text: Uint8Array, found: number[]): void {
    const shifts = this.#shift;
    const window = this.#window;
    const end = text.length;
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
      for (const pattern of this.#byBlock.get(hash) ?? []) {
        if (start + pattern.length <= end && startsWith(text, start, pattern, pattern.length)) {
          found.push(start, start + pattern.length);
        }
      }
      at++;
    }
  }

  #searchShort(text: Uint8Array, found: number[]): void {
    const byFirst = this.#shortByFirst;
    const end = text.length;
    for (let at = 0; at < end; at++) {
      const candidates = byFirst[text[at] as number];
      if (candidates === undefined) continue;
      for (const pattern of candidates) {
        if (at + pattern.length <= end && startsWith(text, at, pattern, pattern.length)) {
          found.push(at, at + pattern.length);
        }
      }
    }
  }
}

function addTo(lists: (Uint8Array[] | undefined)[], index: number, pattern: Uint8Array): void {
  const list = lists[index];
  if (list === undefined) lists[index] = [pattern];
  else list.push(pattern);
}

function hashAt(bytes: Uint8Array, at: number): number {
  return (((bytes[at] ?? 0) << 10) ^ ((bytes[at + 1] ?? 0) << 5) ^ (bytes[at + 2] ?? 0)) & HASH_MASK;
}

function startsWith(text: Uint8Array, at: number, pattern: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (text[at + i] !== pattern[i]) return false;
  return true;
}
