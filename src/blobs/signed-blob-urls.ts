import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../clock.ts";
import { ExecError } from "../errors.ts";
import { blobKeySegments } from "./blob-key.ts";
import type { BlobUrls, DownloadUrlOptions, UploadUrlOptions } from "./blob-urls.ts";

export interface SignedBlobUrlsOptions {
  /** At least 32 bytes; the same in every process of the server. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** Before the key, e.g. `https://ci.example.com/api/v1/blobs`; a path is enough for clients of this server. */
  readonly base?: string;
}

/** What a signed address allows: reading or writing one blob. */
export type BlobGrant =
  | {
      readonly method: "GET";
      readonly key: string;
      readonly expiresAt: number;
      readonly fileName: string;
      readonly contentType: string;
    }
  | { readonly method: "PUT"; readonly key: string; readonly expiresAt: number; readonly maxBytes?: number };

const MAX_LIFETIME_MS = 7 * 24 * 3600 * 1000;

/** Addresses on this server for blobs in a store that has none of its own: what they allow is in them, signed by HMAC. */
export class SignedBlobUrls implements BlobUrls {
  readonly #options: SignedBlobUrlsOptions;

  constructor(options: SignedBlobUrlsOptions) {
    if (options.secret.length < 32)
      throw new ExecError("Permanent", "the key that signs addresses is too short");
    this.#options = options;
  }

  async download(key: string, options: DownloadUrlOptions): Promise<string> {
    const { fileName, contentType } = options;
    return this.#sign({
      method: "GET",
      key,
      expiresAt: this.#expiry(options.lifetimeMs),
      fileName,
      contentType,
    });
  }

  async upload(key: string, options: UploadUrlOptions): Promise<string> {
    const { maxBytes } = options;
    const grant = { method: "PUT", key, expiresAt: this.#expiry(options.lifetimeMs) } as const;
    return this.#sign(maxBytes === undefined ? grant : { ...grant, maxBytes });
  }

  /**
   * What a request is allowed: `key` is the path after the base, decoded; `query` its parameters. A HEAD is allowed by
   * an address to GET. Throws `Forbidden` where the address was not made here, was changed, is for another method or
   * too old, and `QuotaExceeded` where `contentLength` is over what it allows; an upload of unknown length is refused
   * where there is a limit.
   */
  verify(request: {
    readonly method: string;
    readonly key: string;
    readonly query: URLSearchParams;
    readonly contentLength?: number;
  }): BlobGrant {
    const { key, query, contentLength } = request;
    const method = request.method === "HEAD" ? "GET" : request.method;
    const grant = readGrant(method, key, query);
    const given = Buffer.from(query.get("sig") ?? "");
    const expected = Buffer.from(this.#signature(grant));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ExecError("Forbidden", "the signature of this address is not right");
    }
    if (!(grant.expiresAt > this.#options.clock.now()))
      throw new ExecError("Forbidden", "this address has expired");
    if (grant.method === "PUT" && grant.maxBytes !== undefined) {
      if (contentLength === undefined)
        throw new ExecError("InvalidSpec", "this upload needs a Content-Length");
      if (contentLength > grant.maxBytes) {
        throw new ExecError("QuotaExceeded", `this address takes at most ${grant.maxBytes} bytes`);
      }
    }
    return grant;
  }

  #expiry(lifetimeMs: number): number {
    if (!(lifetimeMs > 0 && lifetimeMs <= MAX_LIFETIME_MS)) {
      throw new ExecError("InvalidSpec", "a signed address is good for at most seven days");
    }
    return Math.ceil(this.#options.clock.now() + lifetimeMs);
  }

  #sign(grant: BlobGrant): string {
    const path = blobKeySegments(grant.key).map(encodeURIComponent).join("/");
    const query = new URLSearchParams({ expires: String(grant.expiresAt) });
    if (grant.method === "GET") {
      query.set("name", grant.fileName);
      query.set("type", grant.contentType);
    } else if (grant.maxBytes !== undefined) {
      query.set("max", String(grant.maxBytes));
    }
    query.set("sig", this.#signature(grant));
    return `${this.#options.base ?? "/api/v1/blobs"}/${path}?${query}`;
  }

  #signature(grant: BlobGrant): string {
    const more = grant.method === "GET" ? [grant.fileName, grant.contentType] : [grant.maxBytes ?? null];
    return createHmac("sha256", this.#options.secret)
      .update(JSON.stringify(["slipway blob", grant.method, grant.key, grant.expiresAt, ...more]))
      .digest("base64url");
  }
}

/** What the address says, before it is believed. */
function readGrant(method: string, key: string, query: URLSearchParams): BlobGrant {
  const expiresAt = Number(query.get("expires") ?? Number.NaN);
  if (method === "GET") {
    return {
      method,
      key,
      expiresAt,
      fileName: query.get("name") ?? "",
      contentType: query.get("type") ?? "",
    };
  }
  if (method !== "PUT") throw new ExecError("Forbidden", "this address is for another method");
  const max = query.get("max");
  return max === null ? { method, key, expiresAt } : { method, key, expiresAt, maxBytes: Number(max) };
}
