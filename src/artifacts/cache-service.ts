import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import { beginUpload } from "./begin-upload.ts";
import type { CacheCatalog, CacheName, KeptCache } from "./cache-catalog.ts";
import { cacheKey } from "./content-keys.ts";
import type { Upload, Uploads } from "./uploads.ts";

export interface CacheServiceParts {
  readonly catalog: CacheCatalog;
  readonly uploads: Uploads;
  /** Of all caches that share it. */
  readonly quotaBytes: number;
  /** Of the job that began an upload. */
  readonly isLive: (liveId: string) => Promise<boolean>;
  readonly downloadUrl: (identity: JobIdentity, key: string, contentType: string, fileName: string) => string;
}

const MAX_KEY_CHARACTERS = 512;
const MAX_KEYS = 10;
/** The clients look for these words. */
const WRITE_DENIED = "cache write denied:";
const READ_DENIED = "cache read denied:";

/** Caches as jobs see them, whichever protocol they speak: found by key, reserved, uploaded, committed, never changed. */
export class CacheService {
  readonly #parts: CacheServiceParts;
  /** Ids of uploads that this process is making caches of. */
  readonly #finishing = new Set<string>();

  constructor(parts: CacheServiceParts) {
    this.#parts = parts;
  }

  async find(
    identity: JobIdentity,
    keys: readonly string[],
    version: string,
  ): Promise<KeptCache | undefined> {
    checkReadable(identity);
    if (keys.length > MAX_KEYS) throw new ExecError("InvalidSpec", `at most ${MAX_KEYS} keys are looked for`);
    for (const key of keys) checkKey(key);
    return this.#parts.catalog.find(identity.space, version, identity.scopes.read, keys);
  }

  async list(identity: JobIdentity, prefixes: readonly string[]): Promise<readonly KeptCache[]> {
    checkReadable(identity);
    return this.#parts.catalog.list(identity.space, identity.scopes.read, prefixes);
  }

  downloadUrl(identity: JobIdentity, cache: KeptCache): string {
    return this.#parts.downloadUrl(identity, cache.contentKey, "application/octet-stream", "cache");
  }

  /** Rejects with `Conflict` where the cache exists or another job is uploading it. */
  async reserve(identity: JobIdentity, key: string, version: string, sizeBytes?: number): Promise<Upload> {
    const scope = checkWritable(identity);
    checkKey(key);
    if (version === "") throw new ExecError("InvalidSpec", "a cache needs a version");
    const { catalog, uploads, quotaBytes, isLive } = this.#parts;
    const { space } = identity;
    const name = { space, scope, key, version };
    this.#checkSize(sizeBytes ?? 0);
    if (await catalog.has(name)) {
      throw new ExecError(
        "Conflict",
        `Cache already exists. Scope: ${scope}, Key: ${key}, Version: ${version}`,
      );
    }
    const begun = await uploads.byName(uploadName(name));
    if (begun && this.#finishing.has(begun.id)) throw beingUploaded(key);
    const upload = await beginUpload(
      uploads,
      {
        name: uploadName(name),
        owner: identity.liveId,
        about: { scope, key, version },
        maxBytes: quotaBytes,
        contentKey: (id) => cacheKey(space, id),
      },
      isLive,
    );
    if (!upload) throw beingUploaded(key);
    return upload;
  }

  /** By the id that `reserve` gave. */
  reservation(identity: JobIdentity, id: number): Promise<Upload> {
    return this.#parts.uploads.byId(identity.liveId, String(id));
  }

  async reservationOf(identity: JobIdentity, key: string, version: string): Promise<Upload> {
    const scope = checkWritable(identity);
    const upload = await this.#parts.uploads.byName(
      uploadName({ space: identity.space, scope, key, version }),
    );
    if (upload?.owner !== identity.liveId) {
      throw new ExecError("NotFound", `this job is not uploading a cache with key ${key}`);
    }
    return upload;
  }

  /** The upload is complete and has `sizeBytes`: the cache is there from now on. */
  async commit(identity: JobIdentity, upload: Upload, sizeBytes: number): Promise<KeptCache> {
    const { catalog, quotaBytes, uploads } = this.#parts;
    const [scope, key, version] = ["scope", "key", "version"].map((field) => String(upload.about[field]));
    if (scope === undefined || key === undefined || version === undefined || this.#finishing.has(upload.id)) {
      throw new ExecError("NotFound", `the cache ${key} is being finished already`);
    }
    this.#finishing.add(upload.id);
    try {
      const content = await upload.content();
      if (!content) throw new ExecError("InvalidSpec", "the upload is not complete");
      if (content.sizeBytes !== sizeBytes) {
        throw new ExecError("InvalidSpec", `${content.sizeBytes} bytes arrived, ${sizeBytes} were sent`);
      }
      const cache = await catalog.add({ space: identity.space, scope, key, version }, content);
      await catalog.evict(quotaBytes, cache);
      await uploads.end(upload);
      return cache;
    } catch (error) {
      // The clients try again: what was uploaded is then still there.
      if (!(error instanceof ExecError && error.retryable)) await uploads.end(upload);
      throw error;
    } finally {
      this.#finishing.delete(upload.id);
    }
  }

  /** Removes what this job's ref saved under the key, in any version. Gives the newest. */
  async remove(identity: JobIdentity, key: string): Promise<KeptCache | undefined> {
    const scope = checkWritable(identity);
    const entries = await this.#parts.catalog.list(identity.space, [scope], [key]);
    const own = entries.filter((entry) => entry.key === key);
    for (const entry of own) await this.#parts.catalog.remove(entry);
    return own[0];
  }

  #checkSize(sizeBytes: number): void {
    const { quotaBytes } = this.#parts;
    if (sizeBytes > quotaBytes) {
      throw new ExecError(
        "InvalidSpec",
        `the cache has ${sizeBytes} bytes, all caches together ${quotaBytes}`,
      );
    }
  }
}

function checkKey(key: string): void {
  if (key === "") throw new ExecError("InvalidSpec", "a cache key is not empty");
  if (key.length > MAX_KEY_CHARACTERS) {
    throw new ExecError("InvalidSpec", `a cache key has at most ${MAX_KEY_CHARACTERS} characters`);
  }
  if (key.includes(",")) throw new ExecError("InvalidSpec", "a cache key holds no comma");
  if (!key.isWellFormed()) throw new ExecError("InvalidSpec", "a cache key is well-formed Unicode");
}

function checkReadable(identity: JobIdentity): void {
  if (identity.scopes.read.length === 0) {
    throw new ExecError("Forbidden", `${READ_DENIED} this job may read no caches`);
  }
}

function checkWritable(identity: JobIdentity): string {
  if (identity.scopes.write === undefined) {
    throw new ExecError("Forbidden", `${WRITE_DENIED} this job may save no caches`);
  }
  return identity.scopes.write;
}

function beingUploaded(key: string): ExecError {
  return new ExecError("Conflict", `another job is uploading the cache with key ${key}`);
}

function uploadName({ space, scope, key, version }: CacheName): string {
  return JSON.stringify([space, scope, key, version]);
}
