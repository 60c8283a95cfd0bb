/**
 * Signed addresses: uploads in the part of Azure's Block Blob REST API that the clients speak (Put Blob, Put Block, Put
 * Block List) and downloads by GET. Errors are Azure's XML, which its client library shows to the user.
 */
import type { BlobStore } from "../blobs/blob-store.ts";
import { ExecError, type ExecErrorCode } from "../errors.ts";
import { httpFailure } from "./http-errors.ts";
import { contentLength, type Exchange, readBody, send } from "./http-exchange.ts";
import { serveBlob } from "./serve-blob.ts";
import type { Grant } from "./signed-url.ts";
import type { Upload, Uploads } from "./uploads.ts";

const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_BLOCKS = 50_000;
const MAX_BLOCK_ID_BYTES = 64;

/** What the addresses of one kind lead to. Its path is `/blobs/<kind>/<reference>`. */
export interface BlobTarget {
  readonly store: BlobStore;
  readonly uploads: Uploads;
}

export async function handleBlob(exchange: Exchange, grant: Grant, target: BlobTarget): Promise<void> {
  const { method } = exchange;
  const reference = blobReference(grant.path);
  if (method === "GET" || method === "HEAD") {
    if (grant.access !== "r") throw new ExecError("Forbidden", "this address is for uploading");
    const headers = {
      contentType: grant.contentType ?? "application/octet-stream",
      fileName: grant.fileName ?? "blob",
    };
    await serveBlob(exchange, target.store, decodeReference(reference), headers);
    return;
  }
  if (method !== "PUT") throw new ExecError("InvalidSpec", `${method} is not understood here`);
  if (grant.access !== "w") throw new ExecError("Forbidden", "this address is for downloading");
  const upload = await target.uploads.byId(grant.job, reference);
  await receive(exchange, upload);
  exchange.response
    .writeHead(201, {
      "content-length": 0,
      etag: `"${upload.id}"`,
      "x-ms-request-server-encrypted": "false",
    })
    .end();
}

async function receive({ request, url }: Exchange, upload: Upload): Promise<void> {
  const operation = url.searchParams.get("comp") ?? "";
  switch (operation) {
    case "": {
      const type = request.headers["x-ms-blob-type"] ?? "BlockBlob";
      if (type !== "BlockBlob") throw new ExecError("InvalidSpec", `${type} is not served, only BlockBlob`);
      return upload.putWhole(arriving(request), contentLength(request));
    }
    case "block": {
      const id = url.searchParams.get("blockid") ?? "";
      checkBlockId(id);
      return upload.putBlock(id, arriving(request), contentLength(request));
    }
    case "blocklist":
      return upload.commitBlocks(parseBlockList(await readBody(request, MAX_LIST_BYTES)));
    default:
      throw new ExecError("InvalidSpec", `comp=${operation} is not understood here`);
  }
}

/** The path's last part, for a key: any text as one segment of a URL that ends in no file extension. */
export function encodeReference(key: string): string {
  return Buffer.from(key, "utf8").toString("base64url");
}

function decodeReference(reference: string): string {
  return Buffer.from(reference, "base64url").toString("utf8");
}

function blobReference(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function checkBlockId(id: string): void {
  const bytes = Buffer.from(id, "base64");
  if (id === "" || bytes.length === 0 || bytes.length > MAX_BLOCK_ID_BYTES || !/^[\w+/-]+={0,2}$/.test(id)) {
    throw new ExecError("InvalidSpec", "blockid is base64 of 1 to 64 bytes");
  }
}

/** The ids in their order. `Committed`, `Uncommitted` and `Latest` are one: nothing here is changed once committed. */
export function parseBlockList(xml: string): string[] {
  if (!/<BlockList\s*(\/>|>)/.test(xml)) throw new ExecError("InvalidSpec", "the body is no block list");
  const ids = [...xml.matchAll(/<(Latest|Committed|Uncommitted)>\s*([^<]*?)\s*<\/\1>/g)].map(
    (m) => m[2] ?? "",
  );
  if (ids.length > MAX_BLOCKS) throw new ExecError("InvalidSpec", `a blob has at most ${MAX_BLOCKS} blocks`);
  return ids;
}

/** The body, as it arrives; a sender that goes away is an error, not an end. */
async function* arriving(request: Exchange["request"]): AsyncIterable<Uint8Array> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  if (!request.complete) throw new ExecError("Cancelled", "the sender went away");
}

const AZURE_CODES: Partial<Record<ExecErrorCode, string>> = {
  InvalidSpec: "InvalidInput",
  NotFound: "ResourceNotFound",
  Conflict: "BlobAlreadyExists",
  Forbidden: "AuthenticationFailed",
  Unauthorized: "AuthenticationFailed",
  QuotaExceeded: "RequestBodyTooLarge",
};

export function sendBlobError({ response }: Exchange, error: unknown): void {
  const { status, message } = httpFailure(error);
  const code = (error instanceof ExecError && AZURE_CODES[error.code]) || "InternalError";
  const escaped = message
    .replace(/[<&]/g, (c) => (c === "<" ? "&lt;" : "&amp;"))
    .replace(/[^\P{C}\n]/gu, "?");
  if (!response.headersSent) response.setHeader("x-ms-error-code", code);
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${escaped}</Message></Error>`;
  send(response, status, "application/xml", xml);
}
