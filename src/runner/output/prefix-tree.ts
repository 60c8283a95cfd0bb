interface Node {
  /** A pattern that passes here: its first `depth` bytes lead to this node. */
  readonly bytes: Uint8Array;
  readonly depth: number;
  isEnd: boolean;
  /** By their next byte. */
  readonly children: Map<number, Node>;
}

/** Matches from here on are long enough to be worth remembering. */
const DEEP = 32;
/** Base64 of one letter is in one text what three patterns begin with, by turns. */
const MOST_REMEMBERED = 8;

interface DeepMatch {
  start: number;
  end: number;
  readonly bytes: Uint8Array;
  repeats: Int32Array | undefined;
}

/** Byte patterns by what they begin with: beginnings that many share are kept, and compared, once. */
export class PrefixTree {
  readonly #root: Node = { bytes: new Uint8Array(0), depth: 0, isEnd: false, children: new Map() };

  /** False where it was there already. */
  add(pattern: Uint8Array): boolean {
    let node = this.#root;
    for (;;) {
      if (node.depth === pattern.length) {
        const isNew = !node.isEnd;
        node.isEnd = true;
        return isNew;
      }
      const next = pattern[node.depth] ?? 0;
      const child = node.children.get(next);
      if (child === undefined) {
        node.children.set(next, { bytes: pattern, depth: pattern.length, isEnd: true, children: new Map() });
        return true;
      }
      const stop = Math.min(child.depth, pattern.length);
      let depth = node.depth + 1;
      while (depth < stop && pattern[depth] === child.bytes[depth]) depth++;
      if (depth === child.depth) {
        node = child;
        continue;
      }
      const fork: Node = { bytes: child.bytes, depth, isEnd: false, children: new Map() };
      fork.children.set(child.bytes[depth] ?? 0, child);
      node.children.set(next, fork);
      node = fork;
    }
  }

  /** For places of one text, to be asked for in rising order. */
  walk(text: Uint8Array): PrefixWalk {
    return new PrefixWalk(this.#root, text);
  }
}

/**
 * Compares a text with the patterns at one place after the other. Long matches are remembered: how a pattern that
 * matched before repeats itself says what is known of the places behind, as in the Z algorithm, so that a text and
 * patterns of one letter are not compared again and again.
 */
export class PrefixWalk {
  readonly #root: Node;
  readonly #text: Uint8Array;
  /** The latest long matches, each of another pattern. */
  readonly #deep: DeepMatch[] = [];
  #deepEnd = 0;
  #open = false;

  constructor(root: Node, text: Uint8Array) {
    this.#root = root;
    this.#text = text;
  }

  /** The length of the longest pattern at this place; 0: none. */
  longestAt(at: number): number {
    const text = this.#text;
    const left = text.length - at;
    const known = at < this.#deepEnd ? this.#knownAt(at) : 0;
    let node = this.#root;
    let longest = 0;
    this.#open = false;
    for (;;) {
      if (node.isEnd) longest = node.depth;
      if (node.depth >= left) {
        this.#open = node.children.size > 0;
        break;
      }
      const child = node.children.get(text[at + node.depth] as number);
      if (child === undefined) break;
      const { bytes } = child;
      const stop = Math.min(child.depth, left);
      let depth = Math.max(node.depth + 1, known);
      while (depth < stop && text[at + depth] === bytes[depth]) depth++;
      if (depth >= child.depth) {
        node = child;
        continue;
      }
      this.#open = depth >= left;
      if (depth >= DEEP) this.#remember(at, depth, bytes);
      return longest;
    }
    if (node.depth >= DEEP) this.#remember(at, node.depth, node.bytes);
    return longest;
  }

  /** Whether more text may turn what stands at this place into a pattern. */
  isOpenAt(at: number): boolean {
    this.longestAt(at);
    return this.#open;
  }

  #remember(start: number, length: number, bytes: Uint8Array): void {
    const end = start + length;
    this.#deepEnd = Math.max(this.#deepEnd, end);
    const same = this.#deep.find((deep) => deep.bytes === bytes);
    if (same === undefined) {
      if (this.#deep.length === MOST_REMEMBERED) this.#deep.shift();
      this.#deep.push({ start, end, bytes, repeats: undefined });
    } else if (end >= same.end) {
      same.start = start;
      same.end = end;
    }
  }

  /** So many bytes at this place are known to be those that a pattern begins with. */
  #knownAt(at: number): number {
    let known = 0;
    for (const deep of this.#deep) {
      const past = at - deep.start;
      const left = deep.end - at;
      if (past <= 0 || left <= known) continue;
      const length = past + left;
      if (deep.repeats === undefined || deep.repeats.length < length) {
        deep.repeats = repeatsOf(deep.bytes.subarray(0, 2 * length));
      }
      known = Math.max(known, Math.min(deep.repeats[past] ?? 0, left));
    }
    return known;
  }
}

/** For each place of a pattern: how many bytes from there on are those that it begins with. */
function repeatsOf(pattern: Uint8Array): Int32Array {
  const repeats = new Int32Array(pattern.length);
  let start = 0;
  let end = 0;
  for (let at = 1; at < pattern.length; at++) {
    let length = at < end ? Math.min(end - at, repeats[at - start] ?? 0) : 0;
    while (at + length < pattern.length && pattern[length] === pattern[at + length]) length++;
    repeats[at] = length;
    if (at + length > end) {
      start = at;
      end = at + length;
    }
  }
  return repeats;
}
