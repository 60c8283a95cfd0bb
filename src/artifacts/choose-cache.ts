import type { KeptCache } from "./cache-catalog.ts";

/**
 * GitHub's rule: scope by scope, in each key by key, the exact key first, else the newest whose key begins with it.
 * A better key in a later scope loses against any in an earlier one.
 */
export function chooseCache<T extends Pick<KeptCache, "id" | "scope" | "key" | "createdAt">>(
  entries: readonly T[],
  scopes: readonly string[],
  keys: readonly string[],
): T | undefined {
  for (const scope of scopes) {
    const inScope = entries.filter((entry) => entry.scope === scope);
    for (const key of keys) {
      const exact = inScope.find((entry) => entry.key === key);
      if (exact) return exact;
      const [newest] = inScope
        .filter((entry) => entry.key.startsWith(key))
        .sort((a, b) => b.createdAt - a.createdAt || b.id - a.id);
      if (newest) return newest;
    }
  }
  return undefined;
}
