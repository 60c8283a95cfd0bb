import { createHash } from "node:crypto";

const MAX_PLAIN_BYTES = 120;
const PLAIN = /^[\p{L}\p{N}\p{M}_(@+=,-][\p{L}\p{N}\p{M} ._()@+=,-]*$/u;

/**
 * One key segment for a name of any kind and length: the name itself where it is short and harmless, else its harmless
 * part and a hash. Two names never share a segment: a plain one has no `~`.
 */
export function blobName(name: string): string {
  const plain =
    PLAIN.test(name) &&
    !/[. ]$/.test(name) &&
    name === name.normalize("NFC") &&
    Buffer.byteLength(name) <= MAX_PLAIN_BYTES;
  return plain ? name : `${readablePart(name)}~${shortHash(name)}`;
}

function readablePart(name: string): string {
  let part = "";
  for (const char of name.normalize("NFC")) {
    const next = part + (/[\p{L}\p{N}\p{M}._()@+=-]/u.test(char) ? char : "_");
    if (Buffer.byteLength(next) > 64) break;
    part = next;
  }
  return part.replace(/^\.+/, "");
}

function shortHash(name: string): string {
  // UTF-16, so that two names that differ only in lone surrogates differ here too.
  return createHash("sha256").update(Buffer.from(name, "utf16le")).digest("hex").slice(0, 24);
}
