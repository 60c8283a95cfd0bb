import { Readable } from "node:stream";
import type { BlobBody, BlobRange, BlobReader, BlobStat, BlobStore } from "../../blobs/blob-store.ts";
import { ExecError } from "../../errors.ts";

/** Blobs of a test whose processes die: nothing of it is open, nothing is left. */
export class MemoryBlobs implements BlobStore {
  readonly name = "memory";
  readonly #blobs = new Map<string, Buffer>();

  async put(key: string, body: BlobBody): Promise<BlobStat> {
    if ("file" in body) throw new ExecError("Permanent", "no files here");
    const parts: Uint8Array[] = body instanceof Uint8Array ? [body] : [];
    if (!(body instanceof Uint8Array)) for await (const part of body) parts.push(part);
    const bytes = Buffer.concat(parts);
    this.#blobs.set(key, bytes);
    return statOf(key, bytes);
  }

  async get(key: string, { start, end }: BlobRange = { start: 0 }): Promise<BlobReader> {
    const bytes = this.#blobs.get(key);
    if (bytes === undefined) throw new ExecError("NotFound", `There is no ${key}`);
    const part = bytes.subarray(start, end === undefined ? undefined : end + 1);
    return { stat: statOf(key, bytes), body: Readable.from([part]) };
  }

  async stat(key: string): Promise<BlobStat | undefined> {
    const bytes = this.#blobs.get(key);
    return bytes && statOf(key, bytes);
  }

  async delete(key: string): Promise<boolean> {
    return this.#blobs.delete(key);
  }

  async *list(prefix: string): AsyncIterable<BlobStat> {
    for (const [key, bytes] of this.#blobs) if (key.startsWith(prefix)) yield statOf(key, bytes);
  }
}

function statOf(key: string, bytes: Buffer): BlobStat {
  return { key, sizeBytes: bytes.length, modifiedAt: 0 };
}
