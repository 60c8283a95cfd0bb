import type { RetentionParts } from "./retention.ts";

const PROJECTS = 100;

/** Takes away the least recently used caches of every project that has more than its quota. */
export async function evictCaches(parts: RetentionParts, quotaBytes: number): Promise<number> {
  let removed = 0;
  let cursor: string | undefined;
  do {
    const page = await parts.store.projects.listProjects({
      limit: PROJECTS,
      ...(cursor !== undefined && { cursor }),
    });
    for (const { id } of page.items) {
      if (parts.signal.aborted) return removed;
      removed += await evictOf(id, parts, quotaBytes);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return removed;
}

async function evictOf(projectId: string, parts: RetentionParts, quotaBytes: number): Promise<number> {
  const { artifacts } = parts.store;
  let removed = 0;
  for (;;) {
    let excess = (await artifacts.cacheBytes(projectId)) - quotaBytes;
    if (!(excess > 0)) return removed;
    const oldest = await artifacts.leastRecentlyUsed(projectId, parts.batch);
    if (oldest.length === 0) return removed;
    for (const { id } of oldest) {
      if (excess <= 0 || parts.signal.aborted) return removed;
      const cache = await artifacts.deleteCache(id);
      // Another server evicts too: see first what it has left.
      if (cache === undefined) break;
      removed += 1;
      excess -= cache.sizeBytes;
      await parts.deleteBlob(cache.blobKey);
    }
  }
}
