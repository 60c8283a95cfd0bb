import { blobName } from "../blobs/blob-name.ts";
import type { BlobBody, BlobStore } from "../blobs/blob-store.ts";
import { readText } from "../blobs/read-text.ts";
import { ExecError } from "../errors.ts";
import { type ArtifactRecord, readArtifactRecord } from "./artifact-record.ts";

const RECORD_SUFFIX = ".artifact.json";

/**
 * The artifacts of builds, in a blob store: `<build>/<artifact>/<file>` and, beside the file, its record. An artifact
 * is there once its record is. One process at a time owns a build; what it once read of it, it remembers.
 */
export class ArtifactCatalog {
  readonly #store: BlobStore;
  readonly #clock: () => number;
  readonly #builds = new Map<string, Promise<Map<string, ArtifactRecord>>>();
  #lastId = 0;

  constructor(store: BlobStore, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Complete and not expired, oldest first. */
  async list(buildId: string): Promise<readonly ArtifactRecord[]> {
    const records = await this.#records(buildId);
    const now = this.#clock();
    return [...records.values()].filter((record) => record.expiresAt > now).sort((a, b) => a.id - b.id);
  }

  async find(buildId: string, name: string): Promise<ArtifactRecord | undefined> {
    const record = (await this.#records(buildId)).get(name);
    return record && record.expiresAt > this.#clock() ? record : undefined;
  }

  /** Rises with every artifact, over builds and restarts, unless clocks go back between two runs. */
  nextId(): number {
    this.#lastId = Math.max(this.#lastId + 1, this.#clock());
    return this.#lastId;
  }

  /** Stores content and record; an artifact of that name that the build had is replaced. */
  async add(record: ArtifactRecord, content: BlobBody): Promise<void> {
    const records = await this.#records(record.buildId);
    const old = records.get(record.name);
    if (old) await this.remove(old);
    await this.#store.put(contentKey(record), content);
    await this.#store.put(recordKey(record), Buffer.from(`${JSON.stringify(record, undefined, 2)}\n`));
    records.set(record.name, record);
  }

  async remove(record: ArtifactRecord): Promise<void> {
    (await this.#records(record.buildId)).delete(record.name);
    await this.#store.delete(recordKey(record));
    await this.#store.delete(contentKey(record));
  }

  /** Of every build there ever was, until the signal aborts. Says how many went. */
  async removeExpired(signal: AbortSignal): Promise<number> {
    let removed = 0;
    for await (const stat of this.#store.list("")) {
      if (signal.aborted) break;
      if (!stat.key.endsWith(RECORD_SUFFIX)) continue;
      const record = await this.#read(stat.key);
      if (!record || record.expiresAt > this.#clock()) continue;
      await this.remove(record);
      removed++;
    }
    return removed;
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

export function contentKey(record: Pick<ArtifactRecord, "buildId" | "name" | "file">): string {
  return `${folderOf(record)}/${blobName(record.file)}`;
}

function recordKey(record: Pick<ArtifactRecord, "buildId" | "name">): string {
  return `${folderOf(record)}/${blobName(record.name)}${RECORD_SUFFIX}`;
}

function folderOf(record: Pick<ArtifactRecord, "buildId" | "name">): string {
  return `${blobName(record.buildId)}/${blobName(record.name)}`;
}
