import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BlobReader } from "../blobs/blob-store.ts";
import { ExecError } from "../errors.ts";

/**
 * A blob's bytes, checked against what they should be (SHA-256 in hex) as they pass. The last of them is held back until
 * that is known: whoever reads something else gets an error, never a whole file.
 */
export function verifiedBody(body: BlobReader["body"], sha256: string, what: string): Readable {
  return Readable.from(checked(body, sha256, what), { objectMode: false });
}

async function* checked(
  body: AsyncIterable<Uint8Array>,
  sha256: string,
  what: string,
): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  let held: Uint8Array | undefined;
  for await (const chunk of body) {
    hash.update(chunk);
    if (held) yield held;
    held = chunk;
  }
  if (hash.digest("hex") !== sha256) {
    throw new ExecError("Permanent", `${what} is damaged: its content is not what was stored.`);
  }
  if (held) yield held;
}
