import { createHash } from "node:crypto";

/** The same bytes, hashed as they pass. `digest` once they have: `sha256:` and 64 hex digits. */
export function hashedBody(body: AsyncIterable<Uint8Array>): {
  readonly stream: AsyncIterable<Uint8Array>;
  readonly digest: () => string;
} {
  const hash = createHash("sha256");
  return {
    stream: passing(body, (chunk) => hash.update(chunk)),
    digest: () => `sha256:${hash.digest("hex")}`,
  };
}

async function* passing(
  body: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of body) {
    see(chunk);
    yield chunk;
  }
}
