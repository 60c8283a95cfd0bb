import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** `sha256:` and 64 hex digits. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return `sha256:${hash.digest("hex")}`;
}
