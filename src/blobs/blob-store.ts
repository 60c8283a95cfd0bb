/**
 * Where large things lie: artifacts, caches, finished logs. A blob is a run of bytes under a key; it appears whole or
 * not at all, and is never changed in part.
 *
 * A key is a path of `/`-separated segments, none empty, none `.` or `..`; any Unicode (well-formed) but NUL; at most
 * 1024 bytes of UTF-8. Whatever it holds, no key can reach outside the store. No key may be a folder of another
 * (`a` beside `a/b`): what happens then is the adapter's own.
 *
 * Every call may run beside every other, from this process and from others. Two `put` of one key: each is whole, the
 * last one stays. A reader that has begun keeps reading the bytes it began with.
 *
 * Errors are `ExecError`: `InvalidSpec` (a bad key), `NotFound`, `Conflict` (`ifAbsent`), `QuotaExceeded` (the disk or
 * bucket is full), `Permanent` (no right to read or write), `Transient`.
 */
export interface BlobStore {
  readonly name: "folder" | "s3" | "memory";

  /** Stores a blob. A body that fails leaves the store as it was. */
  put(key: string, body: BlobBody, options?: PutOptions): Promise<BlobStat>;

  /** The bytes, or those of the range (none where it begins past the end), read as they are consumed. */
  get(key: string, range?: BlobRange): Promise<BlobReader>;

  /** Undefined: there is none. */
  stat(key: string): Promise<BlobStat | undefined>;

  /** True: there was one and it is gone. */
  delete(key: string): Promise<boolean>;

  /** Every blob whose key begins with `prefix` (any text, not only whole segments), in no promised order. */
  list(prefix: string): AsyncIterable<BlobStat>;
}

export type BlobBody =
  | AsyncIterable<Uint8Array>
  | Uint8Array
  /** A file on this machine; `move` lets the store take it away instead of copying it. */
  | { readonly file: string; readonly move: boolean };

export interface PutOptions {
  /** Rejects with `Conflict` if there is a blob already; of two at once exactly one wins. */
  readonly ifAbsent?: boolean;
}

/** `end` is the last byte, inclusive; past the blob's end means to its end. */
export interface BlobRange {
  readonly start: number;
  readonly end?: number;
}

export interface BlobReader {
  readonly stat: BlobStat;
  /** Must be read to its end or destroyed. */
  readonly body: AsyncIterable<Uint8Array> & { destroy(error?: Error): unknown };
}

export interface BlobStat {
  readonly key: string;
  readonly sizeBytes: number;
  /** When its bytes were written, in Unix milliseconds, by the store's clock. */
  readonly modifiedAt: number;
}
