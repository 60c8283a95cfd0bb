import { blobName } from "../blobs/blob-name.ts";
import type { BlobStat, BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import type { CacheCatalog, CacheName, KeptCache } from "./cache-catalog.ts";
import { type CacheEntry, readCacheEntry } from "./cache-entry.ts";
import { chooseCache } from "./choose-cache.ts";
import type { UploadedContent } from "./uploads.ts";

const RECORD = "entry.json";
const ARCHIVE = "archive";
/** A record is put before its archive. Without one after this long, its writer died between the two. */
const HALF_DONE_MS = 60_000;

type EntryName = Pick<CacheEntry, "repository" | "version" | "scope" | "key">;

/**
 * Caches in a blob store, `<repository>/<version>/<scope>/<key>/{entry.json,archive}`. The store is all there is: any
 * number of processes share it, none keeps an index. Reading an entry writes its record anew, so that the record's
 * time is when the cache was last of use.
 */
export class BlobCacheCatalog implements CacheCatalog {
  readonly #store: BlobStore;
  readonly #clock: () => number;
  #lastId = 0;

  constructor(store: BlobStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  async find(
    space: string,
    version: string,
    scopes: readonly string[],
    keys: readonly string[],
  ): Promise<KeptCache | undefined> {
    let entries = await this.#entries(`${blobName(space)}/${blobName(version)}/`);
    for (;;) {
      const entry = chooseCache(entries, scopes, keys);
      if (!entry) return undefined;
      if (await this.#isWhole(entry)) {
        await this.#putRecord(entry, false);
        return keptCache(entry);
      }
      entries = entries.filter((other) => other !== entry);
    }
  }

  async list(
    space: string,
    scopes: readonly string[],
    prefixes: readonly string[],
  ): Promise<readonly KeptCache[]> {
    const entries = await this.#entries(`${blobName(space)}/`);
    return entries
      .filter((entry) => scopes.includes(entry.scope) && prefixes.some((p) => entry.key.startsWith(p)))
      .sort((a, b) => b.createdAt - a.createdAt || b.id - a.id)
      .map(keptCache);
  }

  async has({ space, ...rest }: CacheName): Promise<boolean> {
    const entry = await this.#read(`${folderOf({ repository: space, ...rest })}/${RECORD}`);
    return entry !== undefined && this.#isWhole(entry);
  }

  async add({ space, scope, key, version }: CacheName, content: UploadedContent): Promise<KeptCache> {
    const entry: CacheEntry = {
      ...{ format: 1, id: this.#nextId(), repository: space, scope, key, version },
      sizeBytes: content.sizeBytes,
      createdAt: this.#clock(),
    };
    await this.#putRecord(entry, true);
    try {
      await content.keep(this.#store, archiveKey(entry));
    } catch (error) {
      await this.#store.delete(`${folderOf(entry)}/${RECORD}`).catch(() => undefined);
      throw error;
    }
    return keptCache(entry);
  }

  async remove(cache: KeptCache): Promise<void> {
    await this.#remove({ ...cache, repository: cache.space });
  }

  /** Of all spaces together. */
  async evict(quotaBytes: number, keep: KeptCache): Promise<number> {
    const caches = new Map<string, { record?: BlobStat; sizeBytes: number }>();
    let total = 0;
    for await (const stat of this.#store.list("")) {
      const folder = stat.key.slice(0, stat.key.lastIndexOf("/"));
      const cache = caches.get(folder) ?? { sizeBytes: 0 };
      const record = stat.key.endsWith(`/${RECORD}`) ? { record: stat } : {};
      caches.set(folder, { ...cache, ...record, sizeBytes: cache.sizeBytes + stat.sizeBytes });
      total += stat.sizeBytes;
    }
    const kept = folderOf({ ...keep, repository: keep.space });
    const oldestFirst = [...caches].sort(
      ([, a], [, b]) => (a.record?.modifiedAt ?? 0) - (b.record?.modifiedAt ?? 0),
    );
    let removed = 0;
    for (const [folder, cache] of oldestFirst) {
      if (total <= quotaBytes) break;
      if (folder === kept) continue;
      await this.#store.delete(`${folder}/${RECORD}`);
      await this.#store.delete(`${folder}/${ARCHIVE}`);
      total -= cache.sizeBytes;
      removed++;
    }
    return removed;
  }

  #nextId(): number {
    this.#lastId = Math.max(this.#lastId + 1, this.#clock());
    return this.#lastId;
  }

  async #remove(name: EntryName): Promise<void> {
    await this.#store.delete(`${folderOf(name)}/${RECORD}`);
    await this.#store.delete(archiveKey(name));
  }

  async #entries(prefix: string): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    for await (const stat of this.#store.list(prefix)) {
      if (!stat.key.endsWith(`/${RECORD}`)) continue;
      const entry = await this.#read(stat.key);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  /** True: its archive is there, as long as it should be. Clears away what a writer that died left. */
  async #isWhole(entry: CacheEntry): Promise<boolean> {
    const archive = await this.#store.stat(archiveKey(entry));
    if (archive?.sizeBytes === entry.sizeBytes) return true;
    if (entry.createdAt < this.#clock() - HALF_DONE_MS) await this.#remove(entry);
    return false;
  }

  async #putRecord(entry: CacheEntry, ifAbsent: boolean): Promise<void> {
    const json = Buffer.from(`${JSON.stringify(entry, undefined, 2)}\n`);
    await this.#store.put(`${folderOf(entry)}/${RECORD}`, json, { ifAbsent });
  }

  async #read(key: string): Promise<CacheEntry | undefined> {
    try {
      const entry = readCacheEntry(await readText(this.#store, key));
      return entry && key === `${folderOf(entry)}/${RECORD}` ? entry : undefined;
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return undefined;
      throw error;
    }
  }
}

function keptCache(entry: CacheEntry): KeptCache {
  const { id, repository, scope, key, version, sizeBytes, createdAt } = entry;
  return { id, space: repository, scope, key, version, sizeBytes, createdAt, contentKey: archiveKey(entry) };
}

function archiveKey(name: EntryName): string {
  return `${folderOf(name)}/${ARCHIVE}`;
}

function folderOf({ repository, version, scope, key }: EntryName): string {
  return [repository, version, scope, key].map(blobName).join("/");
}
