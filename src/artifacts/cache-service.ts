import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import { archiveKey, type CacheCatalog } from "./cache-catalog.ts";
import type { CacheEntry } from "./cache-entry.ts";
import type { UploadSession, UploadSessions } from "./upload-sessions.ts";

/** A cache that is being uploaded. */
export interface CacheReservation {
  readonly id: number;
  readonly repository: string;
  readonly scope: string;
  readonly key: string;
  readonly version: string;
  readonly session: UploadSession;
}

export interface CacheServiceParts {
  readonly catalog: CacheCatalog;
  readonly sessions: UploadSessions;
  readonly clock: () => number;
  readonly quotaBytes: number;
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
  readonly #reservations = new Map<number, CacheReservation>();

  constructor(parts: CacheServiceParts) {
    this.#parts = parts;
  }

  async find(
    identity: JobIdentity,
    keys: readonly string[],
    version: string,
  ): Promise<CacheEntry | undefined> {
    checkReadable(identity);
    if (keys.length > MAX_KEYS) throw new ExecError("InvalidSpec", `at most ${MAX_KEYS} keys are looked for`);
    for (const key of keys) checkKey(key);
    return this.#parts.catalog.find(identity.repository, version, identity.scopes.read, keys);
  }

  async list(identity: JobIdentity, prefixes: readonly string[]): Promise<readonly CacheEntry[]> {
    checkReadable(identity);
    return this.#parts.catalog.list(identity.repository, identity.scopes.read, prefixes);
  }

  downloadUrl(identity: JobIdentity, entry: CacheEntry): string {
    return this.#parts.downloadUrl(identity, archiveKey(entry), "application/octet-stream", "cache");
  }

  /** Rejects with `Conflict` where the cache exists or another job is uploading it. */
  async reserve(
    identity: JobIdentity,
    key: string,
    version: string,
    sizeBytes?: number,
  ): Promise<CacheReservation> {
    const scope = checkWritable(identity);
    checkKey(key);
    if (version === "") throw new ExecError("InvalidSpec", "a cache needs a version");
    const name = { repository: identity.repository, scope, key, version };
    this.#checkSize(sizeBytes ?? 0);
    if (await this.#parts.catalog.has(name)) {
      throw new ExecError(
        "Conflict",
        `Cache already exists. Scope: ${scope}, Key: ${key}, Version: ${version}`,
      );
    }
    await this.#dropStale(identity, name);
    const { catalog, quotaBytes, sessions } = this.#parts;
    const session = await sessions.begin(identity.jobBackendId, quotaBytes);
    if (this.#reserved(name)) {
      await sessions.end(session);
      throw beingUploaded(key);
    }
    const reservation = { ...name, id: catalog.nextId(), session };
    this.#reservations.set(reservation.id, reservation);
    return reservation;
  }

  reservation(identity: JobIdentity, id: number): CacheReservation {
    const reservation = this.#reservations.get(id);
    if (reservation?.session.owner !== identity.jobBackendId) {
      throw new ExecError("NotFound", `this job is not uploading a cache ${id}`);
    }
    return reservation;
  }

  reservationOf(identity: JobIdentity, key: string, version: string): CacheReservation {
    const scope = checkWritable(identity);
    const reservation = this.#reserved({ repository: identity.repository, scope, key, version });
    if (reservation?.session.owner !== identity.jobBackendId) {
      throw new ExecError("NotFound", `this job is not uploading a cache with key ${key}`);
    }
    return reservation;
  }

  /** The upload is complete and has `sizeBytes`: the cache is there from now on. */
  async commit(reservation: CacheReservation, sizeBytes: number): Promise<CacheEntry> {
    const { catalog, clock, quotaBytes, sessions } = this.#parts;
    const { staged } = reservation.session;
    if (!this.#reservations.delete(reservation.id)) {
      throw new ExecError("NotFound", `the cache ${reservation.key} is being finished already`);
    }
    try {
      if (staged.sizeBytes === undefined) throw new ExecError("InvalidSpec", "the upload is not complete");
      if (staged.sizeBytes !== sizeBytes) {
        throw new ExecError("InvalidSpec", `${staged.sizeBytes} bytes arrived, ${sizeBytes} were sent`);
      }
      const { session, ...name } = reservation;
      const entry: CacheEntry = { format: 1, ...name, sizeBytes, createdAt: clock() };
      await catalog.add(entry, { file: staged.path, move: true });
      await catalog.evict(quotaBytes, entry);
      return entry;
    } finally {
      await sessions.end(reservation.session);
    }
  }

  /** Removes what this job's ref saved under the key, in any version. Gives the newest. */
  async remove(identity: JobIdentity, key: string): Promise<CacheEntry | undefined> {
    const scope = checkWritable(identity);
    const entries = await this.#parts.catalog.list(identity.repository, [scope], [key]);
    const own = entries.filter((entry) => entry.key === key);
    for (const entry of own) await this.#parts.catalog.remove(entry);
    return own[0];
  }

  async dropJob(identity: JobIdentity): Promise<void> {
    for (const [id, reservation] of this.#reservations) {
      if (reservation.session.owner === identity.jobBackendId) this.#reservations.delete(id);
    }
    await this.#parts.sessions.endAllOf(identity.jobBackendId);
  }

  async #dropStale(identity: JobIdentity, name: Omit<CacheReservation, "id" | "session">): Promise<void> {
    const old = this.#reserved(name);
    if (!old) return;
    if (old.session.owner !== identity.jobBackendId || old.session.staged.busy) throw beingUploaded(name.key);
    this.#reservations.delete(old.id);
    await this.#parts.sessions.end(old.session);
  }

  #reserved(name: Omit<CacheReservation, "id" | "session">): CacheReservation | undefined {
    return [...this.#reservations.values()].find(
      (other) =>
        other.key === name.key &&
        other.version === name.version &&
        other.scope === name.scope &&
        other.repository === name.repository,
    );
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
