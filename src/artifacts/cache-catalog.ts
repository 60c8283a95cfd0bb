import type { UploadedContent } from "./uploads.ts";

/** Caches by name. One never changes; which are there at all is up to the quota. */
export interface CacheCatalog {
  /** The cache that fits best (see `chooseCache`), marked as used just now. */
  find(
    space: string,
    version: string,
    scopes: readonly string[],
    keys: readonly string[],
  ): Promise<KeptCache | undefined>;
  /** Caches of the space that the scopes may read and whose key begins with one of the prefixes, newest first. */
  list(space: string, scopes: readonly string[], prefixes: readonly string[]): Promise<readonly KeptCache[]>;
  has(name: CacheName): Promise<boolean>;
  /** Rejects with `Conflict` where there is one. */
  add(name: CacheName, content: UploadedContent): Promise<KeptCache>;
  remove(cache: KeptCache): Promise<void>;
  /** Removes the least recently used until those that share the quota with this one fit; it stays. Gives how many went. */
  evict(quotaBytes: number, keep: KeptCache): Promise<number>;
}

export interface CacheName {
  /** As in `JobIdentity`. */
  readonly space: string;
  /** The ref that saved it. */
  readonly scope: string;
  readonly key: string;
  /** The clients' hash of paths and compression: an archive fits only who asks with the same. */
  readonly version: string;
}

export interface KeptCache extends CacheName {
  readonly id: number;
  readonly sizeBytes: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** In the blob store. */
  readonly contentKey: string;
}
