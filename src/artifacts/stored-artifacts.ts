import type { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { type ArtifactCatalog, contentKey } from "./artifact-catalog.ts";
import type { ArtifactRecord } from "./artifact-record.ts";
import type { StoredArtifact } from "./stored-artifact.ts";

export async function listArtifacts(
  catalog: ArtifactCatalog,
  store: FolderBlobStore,
  buildId: string,
): Promise<readonly StoredArtifact[]> {
  return (await catalog.list(buildId)).map((record) => storedArtifact(record, store));
}

export function storedArtifact(record: ArtifactRecord, store: FolderBlobStore): StoredArtifact {
  return {
    id: record.id,
    name: record.name,
    sizeBytes: record.sizeBytes,
    path: store.pathOf(contentKey(record)),
    digest: record.digest,
    createdAt: record.createdAt,
    expiresAt: record.expiresAt,
  };
}
