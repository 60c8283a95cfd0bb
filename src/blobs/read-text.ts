import { ExecError } from "../errors.ts";
import type { BlobStore } from "./blob-store.ts";

const MAX_BYTES = 1024 * 1024;

/** A small blob as UTF-8 text; `QuotaExceeded` for one over a mebibyte. */
export async function readText(store: Pick<BlobStore, "get">, key: string): Promise<string> {
  const reader = await store.get(key);
  if (reader.stat.sizeBytes > MAX_BYTES) {
    reader.body.destroy();
    throw new ExecError("QuotaExceeded", `${key} is too large to be read as a whole`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of reader.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
