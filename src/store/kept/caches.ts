import { sql } from "kysely";
import type { CacheFilter, CacheRow } from "../artifact-store.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { CacheTableRow } from "../tables/kept-tables.ts";

export function cacheOfRow(row: CacheTableRow): CacheRow {
  return {
    id: row.id,
    databaseId: row.database_id,
    projectId: row.project_id,
    version: row.version,
    scope: row.scope,
    key: row.key,
    blobKey: row.blob_key,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
    usedAt: row.used_at,
  };
}

/** Newest first. */
export async function listCaches(
  engine: Engine,
  { projectId, version, scopes, keyPrefix }: CacheFilter,
): Promise<readonly CacheRow[]> {
  if (scopes?.length === 0) return [];
  let query = engine.db
    .selectFrom("caches")
    .selectAll()
    .where("project_id", "=", projectId)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc");
  if (version !== undefined) query = query.where("version", "=", version);
  if (scopes !== undefined) query = query.where("scope", "in", scopes);
  if (keyPrefix !== undefined)
    query = query.where(sql<string>`substr(key, 1, ${sql.lit([...keyPrefix].length)})`, "=", keyPrefix);
  return (await engine.session.query(query.compile())).map(cacheOfRow);
}

export const ADD = prepared<CacheRow, unknown>((db, param) =>
  db.insertInto("caches").values({
    id: param("id"),
    database_id: param("databaseId"),
    project_id: param("projectId"),
    version: param("version"),
    scope: param("scope"),
    key: param("key"),
    blob_key: param("blobKey"),
    size_bytes: param("sizeBytes"),
    created_at: param("createdAt"),
    used_at: param("usedAt"),
  }),
);

export const TOUCH = prepared<{ id: string; usedAt: number }, unknown>((db, param) =>
  db
    .updateTable("caches")
    .set({ used_at: param("usedAt") })
    .where("id", "=", param("id"))
    .where("used_at", "<", param("usedAt")),
);

export const REMOVE = prepared<{ id: string }, CacheTableRow>((db, param) =>
  db.deleteFrom("caches").where("id", "=", param("id")).returningAll(),
);

export const BYTES = prepared<{ projectId: string }, { bytes: number }>((db, param) =>
  db
    .selectFrom("caches")
    .select(sql<number>`coalesce(sum(size_bytes), 0)`.as("bytes"))
    .where("project_id", "=", param("projectId")),
);

export const LEAST_RECENTLY_USED = prepared<{ projectId: string; limit: number }, CacheTableRow>(
  (db, param) =>
    db
      .selectFrom("caches")
      .selectAll()
      .where("project_id", "=", param("projectId"))
      .orderBy("used_at")
      .orderBy("id")
      .limit(param("limit")),
);
