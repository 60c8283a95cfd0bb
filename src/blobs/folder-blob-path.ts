/**
 * Keys to file names and back. Names stay as they are wherever every common file system takes them; the rest is
 * percent-encoded, and a segment too long for one name becomes a chain of folders that end in `%+`.
 */

const MAX_NAME_BYTES = 200;
const CONTINUES = "%+";
const UNSAFE = /[\u0000-\u001f\u007f%\\:*?"<>|]/;

export interface FileNaming {
  /** True where the file system sees `A` and `a` as one name. */
  readonly foldsCase: boolean;
}

/** Names of the folders and, last, of the file, under the store's root. None begins with a dot. */
export function encodeSegments(segments: readonly string[], naming: FileNaming): string[] {
  return segments.flatMap((segment) => encodeSegment(segment, naming));
}

function encodeSegment(segment: string, naming: FileNaming): string[] {
  // A file system may normalise what it stores, and then give back another key.
  const normal = segment === segment.normalize("NFC");
  const chars = [...segment];
  const names: string[] = [];
  let name = "";
  let bytes = 0;
  for (const [index, char] of chars.entries()) {
    const last = index === chars.length - 1;
    const encoded =
      UNSAFE.test(char) ||
      (char === "." && (name === "" || last)) ||
      (char === " " && last) ||
      (!normal && char > "\u007f") ||
      (naming.foldsCase && char.toLowerCase() !== char);
    const piece = encoded ? percentEncode(char) : char;
    const pieceBytes = Buffer.byteLength(piece);
    if (bytes + pieceBytes > MAX_NAME_BYTES) {
      names.push(name + CONTINUES);
      name = char === "." ? percentEncode(char) : piece;
      bytes = Buffer.byteLength(name);
    } else {
      name += piece;
      bytes += pieceBytes;
    }
  }
  names.push(name);
  return names;
}

/** The inverse of `encodeSegments`; undefined for names it never makes. */
export function decodeNames(names: readonly string[]): string | undefined {
  let key = "";
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    const continues = name.endsWith(CONTINUES);
    if (name.startsWith(".") || (last && continues)) return undefined;
    try {
      key += decodeURIComponent(continues ? name.slice(0, -CONTINUES.length) : name);
    } catch {
      return undefined;
    }
    if (!last && !continues) key += "/";
  }
  return key;
}

function percentEncode(char: string): string {
  return [...Buffer.from(char)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join("");
}
