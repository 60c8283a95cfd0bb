import type { JsonObject } from "../json.ts";
import type { CacheMode } from "./service-job.ts";

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
export function cacheScopes(github: JsonObject, mode: CacheMode = "write"): CacheScopes {
  const own = text(github.ref) || "refs/heads/HEAD";
  const base = text(github.base_ref);
  const standard = text(object(object(github.event).repository).default_branch);
  const read = [own, base && branch(base), standard && branch(standard)].filter((scope) => scope !== "");
  return {
    read: mode === "read" || mode === "write" ? [...new Set(read)] : [],
    ...((mode === "write" || mode === "write-only") && { write: own }),
  };
}

/** The `ac` claim as GitHub writes it: bit 1 reads, bit 2 writes. */
export function cacheScopesClaim(scopes: CacheScopes): string {
  const all = new Set([...(scopes.write === undefined ? [] : [scopes.write]), ...scopes.read]);
  return JSON.stringify(
    [...all].map((scope) => ({
      Scope: scope,
      Permission: (scopes.read.includes(scope) ? 1 : 0) + (scope === scopes.write ? 2 : 0),
    })),
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
