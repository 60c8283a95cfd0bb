import { createReadStream } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { ExecError } from "../errors.ts";
import type { BlobBody } from "./blob-store.ts";
import { fileError } from "./file-error.ts";

/** A body as it is sent: whole where it is small, else a stream that is read once. */
export type S3Body =
  | { readonly bytes: Uint8Array }
  | {
      readonly stream: Readable;
      /** Undefined: not known before its end. */
      readonly sizeBytes: number | undefined;
      /** What the source itself failed of. */
      readonly failure: () => { readonly error: unknown } | undefined;
    };

/** Rejects with what the source failed of, as long as it is small. */
export async function openS3Body(body: BlobBody, smallBytes: number): Promise<S3Body> {
  if (body instanceof Uint8Array) {
    if (body.length <= smallBytes) return { bytes: body };
    return watched(slices(body, smallBytes), body.length);
  }
  if ("file" in body) {
    try {
      const stats = await lstat(body.file);
      if (!stats.isFile()) throw new ExecError("InvalidSpec", `${body.file} is not a regular file`);
      if (stats.size <= smallBytes) return { bytes: await readFile(body.file) };
      return watched(createReadStream(body.file, { highWaterMark: 1024 * 1024 }), stats.size);
    } catch (error) {
      throw fileError(error, `cannot read ${body.file}`);
    }
  }
  const source = body[Symbol.asyncIterator]();
  const begun: Uint8Array[] = [];
  let bytes = 0;
  while (bytes <= smallBytes) {
    const next = await source.next();
    if (next.done === true) return { bytes: Buffer.concat(begun, bytes) };
    begun.push(next.value);
    bytes += next.value.length;
  }
  return watched(resume(begun, source), undefined);
}

function watched(source: AsyncIterable<Uint8Array>, sizeBytes: number | undefined): S3Body {
  let failure: { readonly error: unknown } | undefined;
  async function* watch(): AsyncIterable<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  return { stream: Readable.from(watch(), { objectMode: false }), sizeBytes, failure: () => failure };
}

async function* slices(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function* resume(begun: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  let ended = false;
  try {
    for (let first = begun.shift(); first !== undefined; first = begun.shift()) yield first;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) await rest.return?.();
  }
}
