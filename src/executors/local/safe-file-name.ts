import { createHash } from "node:crypto";

const MAX_LENGTH = 60;

/** A file name made from any text: readable where the text is plain, and different for different texts. */
export function safeFileName(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, MAX_LENGTH);
  if (plain === text) return plain;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return plain === "" ? hash : `${plain}-${hash}`;
}
