import type { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import type { ArtifactCatalog, KeptArtifact } from "./artifact-catalog.ts";
import type { StoredArtifact } from "./stored-artifact.ts";

export async function listArtifacts(
  catalog: ArtifactCatalog,
  store: FolderBlobStore,
  buildId: string,
): Promise<readonly StoredArtifact[]> {
  return (await catalog.list(buildId)).map((record) => storedArtifact(record, store));
}

export function storedArtifact(record: KeptArtifact, store: FolderBlobStore): StoredArtifact {
  return {
    id: record.id,
    name: record.name,
    sizeBytes: record.sizeBytes,
    path: store.pathOf(record.contentKey),
    digest: record.digest,
    createdAt: record.createdAt,
    expiresAt: record.expiresAt,
  };
}
