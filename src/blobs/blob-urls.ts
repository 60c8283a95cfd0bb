/**
 * Addresses of blobs that whoever holds one may read or write for a while, without any other right: presigned ones of
 * the S3 server's, or signed ones of Slipway's own where the store is a folder.
 */
export interface BlobUrls {
  /** An address to GET the blob from. Made whether there is one or not. Absolute, or a path on this server. */
  download(key: string, options: DownloadUrlOptions): Promise<string>;

  /**
   * An address to PUT the blob to, as one request with its `Content-Length`. Where the store cannot hold `maxBytes`
   * itself (S3), whoever asked looks at the blob's size afterwards.
   */
  upload(key: string, options: UploadUrlOptions): Promise<string>;
}

export interface DownloadUrlOptions {
  /** What a browser saves it as. */
  readonly fileName: string;
  readonly contentType: string;
  readonly lifetimeMs: number;
}

export interface UploadUrlOptions {
  readonly lifetimeMs: number;
  readonly maxBytes?: number;
}
