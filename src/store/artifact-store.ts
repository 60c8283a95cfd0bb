/** What is kept of builds: artifacts and caches. The bytes lie in the blob store under `blobKey`. */
export interface ArtifactStore {
  /**
   * Replaces one of the same name of the same run, unless that `stays`. Gives the key whose blob is of no use any more: the
   * new one's own, where the other stays. Asked and put in one transaction.
   */
  putArtifact(
    artifact: ArtifactEntry,
    stays?: (present: ArtifactEntry) => boolean,
  ): Promise<string | undefined>;
  listArtifacts(rootId: string, now: number): Promise<readonly ArtifactEntry[]>;
  getArtifact(id: string): Promise<ArtifactEntry>;
  deleteArtifact(id: string): Promise<ArtifactEntry | undefined>;
  expiredArtifacts(now: number, limit: number): Promise<readonly ArtifactEntry[]>;

  /** Rejects with `Conflict` where the same project, version, scope and key has one. */
  addCache(cache: CacheRow): Promise<void>;
  listCaches(filter: CacheFilter): Promise<readonly CacheRow[]>;
  touchCache(id: string, usedAt: number): Promise<void>;
  deleteCache(id: string): Promise<CacheRow | undefined>;
  /** Bytes of all caches of a project. */
  cacheBytes(projectId: string): Promise<number>;
  leastRecentlyUsed(projectId: string, limit: number): Promise<readonly CacheRow[]>;

  /** Those of these blob keys that an artifact or a cache has. At most 500 at once. */
  ownedBlobs(blobKeys: readonly string[]): Promise<ReadonlySet<string>>;
}

export interface ArtifactEntry {
  readonly id: string;
  /** What the clients call the database id; the caller's, unique as good as surely. */
  readonly databaseId: number;
  readonly projectId: string;
  /** `BuildRecord.rootId`. */
  readonly rootId: string;
  /** The attempt at the build that made it: what an earlier one made, the same job of a later one replaces. */
  readonly buildId: string;
  /** Empty: kept by the build itself. */
  readonly jobKey: string;
  /** Of the job. */
  readonly attempt: number;
  readonly name: string;
  readonly file: string;
  readonly contentType: string;
  readonly blobKey: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface CacheRow {
  readonly id: string;
  readonly databaseId: number;
  readonly projectId: string;
  readonly version: string;
  /** Full ref. */
  readonly scope: string;
  readonly key: string;
  readonly blobKey: string;
  readonly sizeBytes: number;
  readonly createdAt: number;
  readonly usedAt: number;
}

export interface CacheFilter {
  readonly projectId: string;
  readonly version?: string;
  readonly scopes?: readonly string[];
  readonly keyPrefix?: string;
}
