import { ExecError } from "../errors.ts";
import type { BlobUrls, DownloadUrlOptions, UploadUrlOptions } from "./blob-urls.ts";
import { contentDisposition } from "./content-disposition.ts";
import type { S3BlobStore } from "./s3-blob-store.ts";
import { s3Error } from "./s3-error.ts";

/** What signature version 4 allows. */
const MAX_LIFETIME_MS = 7 * 24 * 3600 * 1000;

/**
 * Presigned addresses: whoever holds one talks to the S3 server itself, so its endpoint must be one that they reach.
 * The size of an upload is not limited by the address.
 */
export class S3BlobUrls implements BlobUrls {
  readonly #store: S3BlobStore;

  constructor(store: S3BlobStore) {
    this.#store = store;
  }

  async download(key: string, options: DownloadUrlOptions): Promise<string> {
    const { sdk } = await this.#store.sdk();
    const command = new sdk.GetObjectCommand({
      ...this.#store.placeOf(key),
      ResponseContentType: options.contentType,
      ResponseContentDisposition: contentDisposition(options.fileName),
    });
    return await this.#sign(command, options.lifetimeMs);
  }

  async upload(key: string, options: UploadUrlOptions): Promise<string> {
    const { sdk } = await this.#store.sdk();
    return await this.#sign(new sdk.PutObjectCommand(this.#store.placeOf(key)), options.lifetimeMs);
  }

  async #sign(command: object, lifetimeMs: number): Promise<string> {
    if (!(lifetimeMs >= 1_000 && lifetimeMs <= MAX_LIFETIME_MS)) {
      throw new ExecError("InvalidSpec", "a signed address is good for one second to seven days");
    }
    const { client } = await this.#store.sdk();
    const { getSignedUrl } = await import("./s3-sdk.ts");
    try {
      return await getSignedUrl(client, command as Parameters<typeof getSignedUrl>[1], {
        expiresIn: Math.floor(lifetimeMs / 1_000),
      });
    } catch (error) {
      throw s3Error(error, "cannot sign an address", this.#store.options);
    }
  }
}
