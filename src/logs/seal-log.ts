import { createHash } from "node:crypto";
import type { BlobStore } from "../blobs/blob-store.ts";
import { verifyBlob } from "../blobs/verify-blob.ts";
import { ExecError } from "../errors.ts";
import type { LogRef, LogStore } from "../store/log-store.ts";
import { logBlobKey, logTimesKey } from "./log-blob-key.ts";
import type { BuildLogRef } from "./log-sink.ts";
import { LogTimesBuilder } from "./log-times.ts";
import { rowsToPieces } from "./rows-to-pieces.ts";

const PAGE_BYTES = 1024 * 1024;

/**
 * Joins the rows of a log that has ended into its blob and its times, looks whether the store gives back what it was
 * given, and only then lets the rows go. Ended at any point by a crash, it is done again from the start; done by two at
 * once, both write the same. Gives the size, or undefined where there is nothing to seal (any more).
 */
export async function sealLog(
  ref: BuildLogRef,
  parts: { readonly logs: LogStore; readonly blobs: BlobStore },
): Promise<number | undefined> {
  const { logs, blobs } = parts;
  const tail = await logs.tail(ref);
  if (tail?.kept !== "rows") return undefined;
  const hash = createHash("sha256");
  const times = new LogTimesBuilder();
  const key = logBlobKey(ref.buildId, ref.id);
  await blobs.put(
    key,
    joinRows(ref, tail.endByte, logs, (piece) => {
      hash.update(piece.data);
      times.add(piece.offset, piece.at);
    }),
  );
  await blobs.put(logTimesKey(ref.buildId, ref.id), times.encode());
  const sha256 = hash.digest("hex");
  await verifyBlob(blobs, key, { sizeBytes: tail.endByte, sha256 });
  await logs.seal(toLogRef(ref), { sizeBytes: tail.endByte, sha256 });
  return tail.endByte;
}

/** The bytes of a log page by page; throws where rows are missing, so that no blob is made of half a log. */
async function* joinRows(
  ref: LogRef,
  endByte: number,
  logs: LogStore,
  onPiece: (piece: { readonly offset: number; readonly data: Uint8Array; readonly at: number }) => void,
): AsyncIterable<Uint8Array> {
  let position = 0;
  while (position < endByte) {
    const pieces = rowsToPieces(await logs.read(ref, position, PAGE_BYTES), position);
    // Another process has sealed it meanwhile.
    if (pieces.length === 0)
      throw new ExecError("Conflict", `the rows of the log of step ${ref.id} have gone`);
    const parts: Uint8Array[] = [];
    for (const piece of pieces) {
      const data = piece.data.subarray(0, endByte - position);
      if (data.length === 0) break;
      onPiece({ ...piece, data });
      position += data.length;
      parts.push(data);
    }
    yield Buffer.concat(parts);
  }
}

function toLogRef(ref: BuildLogRef): LogRef {
  return { type: ref.type, id: ref.id };
}
