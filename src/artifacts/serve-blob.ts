import { pipeline } from "node:stream/promises";
import type { BlobRange, BlobStat, BlobStore } from "../blobs/blob-store.ts";
import type { Exchange } from "./http-exchange.ts";

export interface BlobHeaders {
  readonly contentType: string;
  /** Offered to whoever saves it. */
  readonly fileName: string;
}

/** Answers GET and HEAD with a blob, or with one range of it (`Range`, or `x-ms-range` as Azure's clients say it). */
export async function serveBlob(
  exchange: Exchange,
  store: BlobStore,
  key: string,
  headers: BlobHeaders,
): Promise<void> {
  const { request, response, method } = exchange;
  const wanted = request.headers["x-ms-range"] ?? request.headers.range;
  const stat = await store.stat(key);
  if (!stat) {
    response.writeHead(404, { "x-ms-error-code": "BlobNotFound", "content-length": 0 }).end();
    return;
  }
  const range = typeof wanted === "string" ? parseRange(wanted, stat.sizeBytes) : undefined;
  const common = blobHeaders(stat, headers);
  if (range === "unsatisfiable") {
    response
      .writeHead(416, { "content-range": `bytes */${stat.sizeBytes}`, "x-ms-error-code": "InvalidRange" })
      .end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: stat.sizeBytes - 1 };
  response.writeHead(range ? 206 : 200, {
    ...common,
    "content-length": end - start + 1,
    ...(range && { "content-range": `bytes ${start}-${end}/${stat.sizeBytes}` }),
  });
  if (method === "HEAD") {
    response.end();
    return;
  }
  const reader = await store.get(key, { start, end });
  await pipeline(reader.body, response);
}

/** Undefined: no range, or a form that is answered with everything. */
export function parseRange(header: string, size: number): Required<BlobRange> | "unsatisfiable" | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match) return undefined;
  const [, first, last] = match;
  if (!first && !last) return undefined;
  if (!first) {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = Math.min(last ? Number(last) : Number.POSITIVE_INFINITY, size - 1);
  if (last && Number(last) < start) return undefined;
  return start > end ? "unsatisfiable" : { start, end };
}

function blobHeaders(stat: BlobStat, headers: BlobHeaders): Record<string, string> {
  const ascii = headers.fileName.replace(/[^\u0020-\u007e]|["\\%;]/g, "_");
  const full = encodeURIComponent(headers.fileName).replace(/['()*]/g, percent);
  return {
    "content-type": headers.contentType,
    "content-disposition": `attachment; filename="${ascii}"; filename*=UTF-8''${full}`,
    "accept-ranges": "bytes",
    etag: `"${stat.sizeBytes.toString(16)}-${Math.trunc(stat.modifiedAt).toString(16)}"`,
    "last-modified": new Date(stat.modifiedAt).toUTCString(),
    "x-ms-blob-type": "BlockBlob",
    "x-content-type-options": "nosniff",
  };
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
