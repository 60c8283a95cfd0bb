import { newId } from "../new-id.ts";
import type { ArtifactStore, CacheFilter, CacheRow } from "../store/artifact-store.ts";
import type { CacheCatalog, CacheName, KeptCache } from "./cache-catalog.ts";
import { chooseCache } from "./choose-cache.ts";
import { cacheKey } from "./content-keys.ts";
import { databaseId, type RecordedCatalogOptions } from "./recorded-artifact-catalog.ts";
import type { UploadedContent } from "./uploads.ts";

type Records = Pick<
  ArtifactStore,
  "addCache" | "listCaches" | "touchCache" | "deleteCache" | "cacheBytes" | "leastRecentlyUsed"
>;

/** A kept cache, with what its record is found by. */
interface RecordedCache extends KeptCache {
  readonly recordId: string;
  readonly usedAt: number;
}

/** Between two notes that a cache was of use. */
const TOUCH_EVERY_MS = 60_000;
const EVICTED_AT_ONCE = 20;

/** Caches by the records of a server; their bytes in its blob store. Each project has a quota of its own. */
export class RecordedCacheCatalog implements CacheCatalog {
  readonly #options: RecordedCatalogOptions<Records>;

  constructor(options: RecordedCatalogOptions<Records>) {
    this.#options = options;
  }

  async find(
    space: string,
    version: string,
    scopes: readonly string[],
    keys: readonly string[],
  ): Promise<RecordedCache | undefined> {
    const { records, clock } = this.#options;
    const filter = { projectId: space, version, scopes, ...startingWith(keys) };
    let caches = (await records.listCaches(filter)).map(recordedCache);
    for (;;) {
      const cache = chooseCache(caches, scopes, keys);
      if (!cache) return undefined;
      if (await this.#isWhole(cache)) {
        if (clock.now() - cache.usedAt >= TOUCH_EVERY_MS)
          await records.touchCache(cache.recordId, clock.now());
        return cache;
      }
      caches = caches.filter((other) => other !== cache);
    }
  }

  async list(
    space: string,
    scopes: readonly string[],
    prefixes: readonly string[],
  ): Promise<readonly RecordedCache[]> {
    const filter = { projectId: space, scopes, ...startingWith(prefixes) };
    return (await this.#options.records.listCaches(filter))
      .map(recordedCache)
      .filter(({ key }) => prefixes.some((prefix) => key.startsWith(prefix)))
      .sort((a, b) => b.createdAt - a.createdAt || b.id - a.id);
  }

  async has({ space, scope, key, version }: CacheName): Promise<boolean> {
    const filter = { projectId: space, version, scopes: [scope], keyPrefix: key };
    const cache = (await this.#options.records.listCaches(filter))
      .map(recordedCache)
      .find((other) => other.key === key);
    return cache !== undefined && this.#isWhole(cache);
  }

  async add({ space, scope, key, version }: CacheName, content: UploadedContent): Promise<RecordedCache> {
    const { records, store, clock } = this.#options;
    const now = clock.now();
    const id = newId(now);
    const row: CacheRow = {
      ...{ id, databaseId: databaseId(now), projectId: space, version, scope, key },
      blobKey: await content.keep(store, cacheKey(space, id)),
      sizeBytes: content.sizeBytes,
      createdAt: now,
      usedAt: now,
    };
    await records.addCache(row);
    return recordedCache(row);
  }

  async remove(cache: KeptCache): Promise<void> {
    const filter = {
      projectId: cache.space,
      version: cache.version,
      scopes: [cache.scope],
      keyPrefix: cache.key,
    };
    const row = (await this.#options.records.listCaches(filter)).find(
      ({ databaseId: id, key }) => id === cache.id && key === cache.key,
    );
    if (row) await this.#delete(row.id);
  }

  async evict(quotaBytes: number, keep: KeptCache): Promise<number> {
    const { records } = this.#options;
    let removed = 0;
    let excess = (await records.cacheBytes(keep.space)) - quotaBytes;
    while (excess > 0) {
      const oldest = await records.leastRecentlyUsed(keep.space, EVICTED_AT_ONCE);
      const others = oldest.filter(({ blobKey }) => blobKey !== keep.contentKey);
      if (others.length === 0) break;
      for (const { id, sizeBytes } of others) {
        if (excess <= 0) break;
        if (await this.#delete(id)) removed++;
        excess -= sizeBytes;
      }
    }
    return removed;
  }

  /** The record first: from then on nobody is sent to the bytes. */
  async #delete(id: string): Promise<boolean> {
    const removed = await this.#options.records.deleteCache(id);
    if (removed) await this.#options.store.delete(removed.blobKey);
    return removed !== undefined;
  }

  /** Its bytes are there, as many as there should be; else its record goes. */
  async #isWhole(cache: RecordedCache): Promise<boolean> {
    const stat = await this.#options.store.stat(cache.contentKey);
    if (stat?.sizeBytes === cache.sizeBytes) return true;
    await this.#delete(cache.recordId);
    return false;
  }
}

/** What all that fit one of these have in common: so few are read. */
function startingWith(texts: readonly string[]): Pick<CacheFilter, "keyPrefix"> {
  const [first = "", ...rest] = texts;
  let length = first.length;
  for (const text of rest) while (!text.startsWith(first.slice(0, length))) length--;
  while (!first.slice(0, length).isWellFormed()) length--;
  return length === 0 ? {} : { keyPrefix: first.slice(0, length) };
}

function recordedCache(row: CacheRow): RecordedCache {
  const { scope, key, version, sizeBytes, createdAt, usedAt } = row;
  return {
    ...{ scope, key, version, sizeBytes, createdAt, usedAt },
    recordId: row.id,
    id: row.databaseId,
    space: row.projectId,
    contentKey: row.blobKey,
  };
}
