import { createHash } from "node:crypto";
import { pipeline, Transform } from "node:stream";
import { ExecError } from "../errors.ts";
import type { BlobReader, BlobStore } from "./blob-store.ts";

/** What a blob was when it was stored. */
export interface BlobDigest {
  readonly sizeBytes: number;
  /** In hex. */
  readonly sha256: string;
}

/**
 * Reads a blob to its end and compares. Rejects with `Permanent` where it is not what was stored, with `NotFound` where
 * it is gone.
 */
export async function verifyBlob(store: BlobStore, key: string, expected: BlobDigest): Promise<void> {
  const reader = await store.get(key);
  if (reader.stat.sizeBytes !== expected.sizeBytes) {
    reader.body.destroy();
    throw damaged(key, `it has ${reader.stat.sizeBytes} bytes, not ${expected.sizeBytes}`);
  }
  const hash = createHash("sha256");
  for await (const chunk of reader.body) hash.update(chunk);
  if (hash.digest("hex") !== expected.sha256) throw damaged(key, "its bytes have another hash");
}

/**
 * Reads a blob and compares on the way: the body fails at its end with `Permanent` where it is not what was stored, so
 * that who reads it does not take it for whole.
 */
export async function getVerified(store: BlobStore, key: string, expected: BlobDigest): Promise<BlobReader> {
  const reader = await store.get(key);
  if (reader.stat.sizeBytes !== expected.sizeBytes) {
    reader.body.destroy();
    throw damaged(key, `it has ${reader.stat.sizeBytes} bytes, not ${expected.sizeBytes}`);
  }
  const hash = createHash("sha256");
  const check = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (hash.digest("hex") === expected.sha256) done();
      else done(damaged(key, "its bytes have another hash"));
    },
  });
  const body = pipeline(reader.body, check, () => {
    // Whoever reads is told by the stream itself.
  });
  return { stat: reader.stat, body };
}

function damaged(key: string, how: string): ExecError {
  return new ExecError("Permanent", `the blob ${key} is damaged: ${how}`);
}
