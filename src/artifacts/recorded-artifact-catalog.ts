import { randomInt } from "node:crypto";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import { jobBackendId } from "../identity/backend-id.ts";
import { newId } from "../new-id.ts";
import type { ArtifactEntry, ArtifactStore } from "../store/artifact-store.ts";
import type { ArtifactCatalog, KeptArtifact, NewArtifact } from "./artifact-catalog.ts";
import { artifactKey } from "./content-keys.ts";
import type { UploadedContent } from "./uploads.ts";

export interface RecordedCatalogOptions<S> {
  readonly records: S;
  readonly store: BlobStore;
  readonly clock: Pick<Clock, "now">;
}

type Records = Pick<ArtifactStore, "putArtifact" | "listArtifacts" | "deleteArtifact">;

/** A kept artifact, with what its record is found by. */
interface RecordedArtifact extends KeptArtifact {
  readonly recordId: string;
}

/** Artifacts by the records of a server; their bytes in its blob store. */
export class RecordedArtifactCatalog implements ArtifactCatalog {
  readonly #options: RecordedCatalogOptions<Records>;

  constructor(options: RecordedCatalogOptions<Records>) {
    this.#options = options;
  }

  async list(runId: string): Promise<readonly RecordedArtifact[]> {
    const { records, clock } = this.#options;
    const entries = await records.listArtifacts(runId, clock.now());
    return entries.map(keptArtifact).sort((a, b) => a.id - b.id);
  }

  async find(runId: string, name: string): Promise<RecordedArtifact | undefined> {
    return (await this.list(runId)).find((artifact) => artifact.name === name);
  }

  async add(artifact: NewArtifact, content: UploadedContent): Promise<RecordedArtifact> {
    const { entry, useless } = await this.#put(artifact, content);
    if (useless !== undefined && useless !== entry.blobKey) await this.#options.store.delete(useless);
    return keptArtifact(entry);
  }

  async addUnless(
    artifact: NewArtifact,
    content: UploadedContent,
    stays: (present: Pick<KeptArtifact, "buildId" | "jobKey">) => boolean,
  ): Promise<RecordedArtifact | undefined> {
    const { entry, useless } = await this.#put(artifact, content, stays);
    if (useless !== undefined) await this.#options.store.delete(useless);
    return useless === entry.blobKey ? undefined : keptArtifact(entry);
  }

  async #put(
    artifact: NewArtifact,
    content: UploadedContent,
    stays?: (present: ArtifactEntry) => boolean,
  ): Promise<{ readonly entry: ArtifactEntry; readonly useless: string | undefined }> {
    const { records, store, clock } = this.#options;
    const { runId, space, buildId, jobKey, attempt, name, file, createdAt, expiresAt } = artifact;
    const id = newId(clock.now());
    const entry: ArtifactEntry = {
      ...{ id, databaseId: databaseId(clock.now()), projectId: space, rootId: runId },
      ...{ buildId, jobKey, attempt, name, file, contentType: artifact.mimeType, createdAt, expiresAt },
      blobKey: await content.keep(store, artifactKey(space, runId, id)),
      sizeBytes: content.sizeBytes,
      sha256: artifact.digest.replace(/^sha256:/, ""),
    };
    return { entry, useless: await records.putArtifact(entry, stays) };
  }

  async remove(artifact: KeptArtifact): Promise<void> {
    const { records, store } = this.#options;
    const found = (await this.list(artifact.runId)).find(({ id }) => id === artifact.id);
    const removed = found && (await records.deleteArtifact(found.recordId));
    if (removed) await store.delete(removed.blobKey);
  }
}

/** Rises with the time; of two made in one millisecond on two servers, one in a thousand would be the same. */
export function databaseId(now: number): number {
  return now * 1000 + randomInt(1000);
}

function keptArtifact(entry: ArtifactEntry): RecordedArtifact {
  const { buildId, jobKey, attempt, name, file, sizeBytes, createdAt, expiresAt } = entry;
  return {
    ...{ buildId, jobKey, attempt, name, file, sizeBytes, createdAt, expiresAt },
    recordId: entry.id,
    id: entry.databaseId,
    runId: entry.rootId,
    jobBackendId: jobBackendId(entry),
    mimeType: entry.contentType,
    digest: `sha256:${entry.sha256}`,
    contentKey: entry.blobKey,
  };
}
