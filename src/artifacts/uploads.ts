import type { BlobStore } from "../blobs/blob-store.ts";
import type { JsonObject } from "../json.ts";

/**
 * Content on its way from jobs, in parts, until it is whole. A name is taken by one upload at a time. Each call may be
 * served by another process where the implementation says so.
 */
export interface Uploads {
  /** Takes the name. Undefined: another upload has it. */
  begin(request: NewUpload): Promise<Upload | undefined>;
  byName(name: string): Promise<Upload | undefined>;
  /** Rejects with `NotFound` where it is finished, was dropped or never was. */
  byId(owner: string, id: string): Promise<Upload>;
  /** Takes it away, but for content that a record has. Idempotent. */
  end(upload: Upload): Promise<void>;
  endAllOf(owner: string): Promise<void>;
  /** Content that is made here, not uploaded. Discard it, kept or not. */
  stage(body: AsyncIterable<Uint8Array>, contentKey: string): Promise<StagedContent>;
  close(): Promise<void>;
}

export interface NewUpload {
  /** Any text. */
  readonly name: string;
  /** `JobIdentity.liveId` of the job that uploads. */
  readonly owner: string;
  /** What its service wants to remember. */
  readonly about: JsonObject;
  /** Of the whole content. */
  readonly maxBytes: number;
  /** Where the content will lie, where it is put into its store at once; not used by any other upload. */
  readonly contentKey: (id: string) => string;
}

/** Any number of parts may arrive at once. Errors are `InvalidSpec`, `Conflict`, `QuotaExceeded`, and the store's. */
export interface Upload extends Pick<NewUpload, "name" | "owner" | "about"> {
  /** A whole number in decimal digits, below 2^53. */
  readonly id: string;
  /** True while a part is arriving, as far as this process knows. */
  readonly busy: boolean;
  /** `length`: as declared by the sender; fewer or more bytes are refused. */
  putWhole(body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void>;
  putBlock(id: string, body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<void>;
  /** The content is these blocks, in this order. The same list again changes nothing. */
  commitBlocks(ids: readonly string[]): Promise<void>;
  putRange(start: number, body: AsyncIterable<Uint8Array>, length: number): Promise<void>;
  /** The content is the ranges; they must fill `sizeBytes` without a gap. */
  commitRanges(sizeBytes: number): Promise<void>;
  /** Undefined: it is not complete. */
  content(): Promise<UploadedContent | undefined>;
}

export interface UploadedContent {
  readonly sizeBytes: number;
  /** `sha256:` and 64 hex digits. */
  digest(): Promise<string>;
  /** Puts it into the store under the key, or leaves it where it lies there already; gives the key it has. */
  keep(store: BlobStore, key: string): Promise<string>;
}

export interface StagedContent extends UploadedContent {
  /** Takes away what was not kept. */
  discard(): Promise<void>;
}
