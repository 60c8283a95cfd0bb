import type { JsonObject } from "../json.ts";

/** Where a job may look for caches, in this order, and where it may save one. Scopes are full refs. */
export interface CacheScopes {
  readonly read: readonly string[];
  /** Absent: it saves none. */
  readonly write?: string;
}

/**
 * GitHub's rule: a job reads the caches of its own ref, of the branch its pull request goes to and of the default
 * branch, and writes to its own ref only.
 */
export function cacheScopes(github: JsonObject): CacheScopes {
  const own = text(github.ref) || "refs/heads/HEAD";
  const base = text(github.base_ref);
  const standard = text(object(object(github.event).repository).default_branch);
  const read = [own, base && branch(base), standard && branch(standard)].filter((scope) => scope !== "");
  return { read: [...new Set(read)], write: own };
}

/** The `ac` claim as GitHub writes it: bit 1 reads, bit 2 writes. */
export function cacheScopesClaim(scopes: CacheScopes): string {
  return JSON.stringify(
    scopes.read.map((scope) => ({ Scope: scope, Permission: scope === scopes.write ? 3 : 1 })),
  );
}

function branch(name: string): string {
  return name.startsWith("refs/") ? name : `refs/heads/${name}`;
}

function object(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
