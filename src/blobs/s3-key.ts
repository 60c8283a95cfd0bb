import { ExecError } from "../errors.ts";
import { blobKeySegments } from "./blob-key.ts";

const MAX_OBJECT_NAME_BYTES = 1024;
/** What XML listings cannot hold or readers of them change, what some servers refuse, and the mark itself. */
const UNSAFE = /[\u0000-\u001f\u007f%\\\ufffe\uffff]/g;

/** The object's name: the key as it is but for a few characters, which are percent-encoded. Throws `InvalidSpec`. */
export function toS3Key(key: string, prefix: string): string {
  blobKeySegments(key);
  const name = prefix + encodeS3Key(key);
  if (Buffer.byteLength(name) > MAX_OBJECT_NAME_BYTES) {
    throw new ExecError(
      "InvalidSpec",
      `a blob key is at most ${MAX_OBJECT_NAME_BYTES} bytes as an object's name: ${key.slice(0, 200)}`,
    );
  }
  return name;
}

/** A key, or the beginning of one, as it is in the names of objects. */
export function encodeS3Key(text: string): string {
  return text.replace(UNSAFE, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** The inverse of `toS3Key`; undefined for objects that others put there. */
export function fromS3Key(name: string, prefix: string): string | undefined {
  if (!name.startsWith(prefix)) return undefined;
  try {
    const key = decodeURIComponent(name.slice(prefix.length));
    blobKeySegments(key);
    return toS3Key(key, prefix) === name ? key : undefined;
  } catch {
    return undefined;
  }
}
