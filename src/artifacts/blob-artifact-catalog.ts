import { blobName } from "../blobs/blob-name.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import type { ArtifactCatalog, KeptArtifact, NewArtifact } from "./artifact-catalog.ts";
import { type ArtifactRecord, readArtifactRecord } from "./artifact-record.ts";
import type { UploadedContent } from "./uploads.ts";

const RECORD_SUFFIX = ".artifact.json";

/**
 * The artifacts of builds, in a blob store: `<build>/<artifact>/<file>` and, beside the file, its record. An artifact
 * is there once its record is. One process at a time owns a build; what it once read of it, it remembers.
 */
export class BlobArtifactCatalog implements ArtifactCatalog {
  readonly #store: BlobStore;
  readonly #clock: () => number;
  readonly #builds = new Map<string, Promise<Map<string, ArtifactRecord>>>();
  #lastId = 0;

  constructor(store: BlobStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  async list(runId: string): Promise<readonly KeptArtifact[]> {
    const records = await this.#records(runId);
    const now = this.#clock();
    return [...records.values()]
      .filter((record) => record.expiresAt > now)
      .sort((a, b) => a.id - b.id)
      .map(keptArtifact);
  }

  async find(runId: string, name: string): Promise<KeptArtifact | undefined> {
    const record = (await this.#records(runId)).get(name);
    return record && record.expiresAt > this.#clock() ? keptArtifact(record) : undefined;
  }

  async add(artifact: NewArtifact, content: UploadedContent): Promise<KeptArtifact> {
    const { runId, space: _, ...rest } = artifact;
    const record: ArtifactRecord = {
      ...{ format: 1, id: this.#nextId() },
      ...rest,
      buildId: runId,
      sizeBytes: content.sizeBytes,
    };
    const records = await this.#records(runId);
    const old = records.get(record.name);
    if (old) await this.#remove(old);
    await content.keep(this.#store, contentKey(record));
    await this.#store.put(recordKey(record), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
    records.set(record.name, record);
    return keptArtifact(record);
  }

  async addUnless(
    artifact: NewArtifact,
    content: UploadedContent,
    stays: (present: KeptArtifact) => boolean,
  ): Promise<KeptArtifact | undefined> {
    const present = await this.find(artifact.runId, artifact.name);
    return present && stays(present) ? undefined : await this.add(artifact, content);
  }

  async remove(artifact: KeptArtifact): Promise<void> {
    await this.#remove({ ...artifact, buildId: artifact.runId });
  }

  /** Of every build there ever was, until the signal aborts. Says how many went. */
  async removeExpired(signal: AbortSignal): Promise<number> {
    let removed = 0;
    for await (const stat of this.#store.list("")) {
      if (signal.aborted) break;
      if (!stat.key.endsWith(RECORD_SUFFIX)) continue;
      const record = await this.#read(stat.key);
      if (!record || record.expiresAt > this.#clock()) continue;
      await this.#remove(record);
      removed++;
    }
    return removed;
  }

  /** Rises with every artifact, over builds and restarts, unless clocks go back between two runs. */
  #nextId(): number {
    this.#lastId = Math.max(this.#lastId + 1, this.#clock());
    return this.#lastId;
  }

  async #remove(record: Pick<ArtifactRecord, "buildId" | "name" | "file">): Promise<void> {
    (await this.#records(record.buildId)).delete(record.name);
    await this.#store.delete(recordKey(record));
    await this.#store.delete(contentKey(record));
  }

  #records(buildId: string): Promise<Map<string, ArtifactRecord>> {
    let records = this.#builds.get(buildId);
    if (!records) {
      records = this.#load(buildId);
      this.#builds.set(buildId, records);
      records.catch(() => this.#builds.delete(buildId));
    }
    return records;
  }

  async #load(buildId: string): Promise<Map<string, ArtifactRecord>> {
    const records = new Map<string, ArtifactRecord>();
    for await (const stat of this.#store.list(`${blobName(buildId)}/`)) {
      if (!stat.key.endsWith(RECORD_SUFFIX)) continue;
      const record = await this.#read(stat.key);
      if (record?.buildId !== buildId || recordKey(record) !== stat.key) continue;
      // A file that somebody cut or changed the size of is not the artifact any more.
      const content = await this.#store.stat(contentKey(record));
      if (content?.sizeBytes === record.sizeBytes) records.set(record.name, record);
    }
    return records;
  }

  async #read(key: string): Promise<ArtifactRecord | undefined> {
    try {
      return readArtifactRecord(await readText(this.#store, key));
    } catch (error) {
      if (error instanceof ExecError && error.code === "NotFound") return undefined;
      throw error;
    }
  }
}

function keptArtifact(record: ArtifactRecord): KeptArtifact {
  const { format: _, ...rest } = record;
  return { ...rest, runId: record.buildId, contentKey: contentKey(record) };
}

function contentKey(record: Pick<ArtifactRecord, "buildId" | "name" | "file">): string {
  return `${folderOf(record)}/${blobName(record.file)}`;
}

function recordKey(record: Pick<ArtifactRecord, "buildId" | "name">): string {
  return `${folderOf(record)}/${blobName(record.name)}${RECORD_SUFFIX}`;
}

function folderOf(record: Pick<ArtifactRecord, "buildId" | "name">): string {
  return `${blobName(record.buildId)}/${blobName(record.name)}`;
}
