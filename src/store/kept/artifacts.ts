import type { ArtifactEntry } from "../artifact-store.ts";
import { prepared } from "../engine/prepared.ts";
import type { ArtifactRow } from "../tables/kept-tables.ts";

export function artifactOfRow(row: ArtifactRow): ArtifactEntry {
  return {
    id: row.id,
    databaseId: row.database_id,
    projectId: row.project_id,
    rootId: row.root_id,
    buildId: row.build_id,
    jobKey: row.job_key,
    attempt: row.attempt,
    name: row.name,
    file: row.file,
    contentType: row.content_type,
    blobKey: row.blob_key,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

export const ADD = prepared<ArtifactEntry, unknown>((db, param) =>
  db.insertInto("artifacts").values({
    id: param("id"),
    database_id: param("databaseId"),
    project_id: param("projectId"),
    root_id: param("rootId"),
    build_id: param("buildId"),
    job_key: param("jobKey"),
    attempt: param("attempt"),
    name: param("name"),
    file: param("file"),
    content_type: param("contentType"),
    blob_key: param("blobKey"),
    size_bytes: param("sizeBytes"),
    sha256: param("sha256"),
    created_at: param("createdAt"),
    expires_at: param("expiresAt"),
  }),
);

export const REPLACED = prepared<{ rootId: string; name: string }, { blob_key: string }>((db, param) =>
  db
    .deleteFrom("artifacts")
    .where("root_id", "=", param("rootId"))
    .where("name", "=", param("name"))
    .returning("blob_key"),
);

export const OF_ROOT = prepared<{ rootId: string; now: number }, ArtifactRow>((db, param) =>
  db
    .selectFrom("artifacts")
    .selectAll()
    .where("root_id", "=", param("rootId"))
    .where("expires_at", ">", param("now"))
    .orderBy("created_at")
    .orderBy("id"),
);

export const BY_ID = prepared<{ id: string }, ArtifactRow>((db, param) =>
  db.selectFrom("artifacts").selectAll().where("id", "=", param("id")),
);

export const REMOVE = prepared<{ id: string }, ArtifactRow>((db, param) =>
  db.deleteFrom("artifacts").where("id", "=", param("id")).returningAll(),
);

export const EXPIRED = prepared<{ now: number; limit: number }, ArtifactRow>((db, param) =>
  db
    .selectFrom("artifacts")
    .selectAll()
    .where("expires_at", "<=", param("now"))
    .orderBy("expires_at")
    .orderBy("id")
    .limit(param("limit")),
);
