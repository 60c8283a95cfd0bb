import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import type { JsonObject } from "../json.ts";
import type { KeptCache } from "./cache-catalog.ts";
import type { CacheService } from "./cache-service.ts";
import { intField, textField, textsField } from "./twirp-fields.ts";
import type { Upload } from "./uploads.ts";

/**
 * `github.actions.results.api.v1.CacheService` (cache v2): CreateCacheEntry, the upload to the address it gives,
 * FinalizeCacheEntryUpload; GetCacheEntryDownloadURL; and the three that only early clients know.
 */
export class CacheTwirp {
  readonly #caches: CacheService;
  readonly #uploadUrl: (upload: Upload) => string;

  constructor(caches: CacheService, uploadUrl: (upload: Upload) => string) {
    this.#caches = caches;
    this.#uploadUrl = uploadUrl;
  }

  /** Undefined: there is no such method. */
  call(method: string, identity: JobIdentity, request: JsonObject): Promise<JsonObject> | undefined {
    switch (method) {
      case "CreateCacheEntry":
        return this.#create(identity, request);
      case "FinalizeCacheEntryUpload":
        return this.#finalize(identity, request);
      case "GetCacheEntryDownloadURL":
        return this.#downloadUrl(identity, request);
      case "LookupCacheEntry":
        return this.#lookup(identity, request);
      case "ListCacheEntries":
        return this.#list(identity, request);
      case "DeleteCacheEntry":
        return this.#delete(identity, request);
      default:
        return undefined;
    }
  }

  async #create(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    try {
      const key = textField(request, "key");
      const upload = await this.#caches.reserve(identity, key, textField(request, "version"));
      return { ok: true, signed_upload_url: this.#uploadUrl(upload), message: "" };
    } catch (error) {
      // The clients show this message to the user only in an answer that is not an error.
      if (!(error instanceof ExecError) || error.code !== "Forbidden") throw error;
      return { ok: false, signed_upload_url: "", message: error.message };
    }
  }

  async #finalize(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const key = textField(request, "key");
    const upload = await this.#caches.reservationOf(identity, key, textField(request, "version"));
    try {
      const entry = await this.#caches.commit(identity, upload, intField(request, "size_bytes") ?? 0);
      return { ok: true, entry_id: String(entry.id), message: "" };
    } catch (error) {
      if (!(error instanceof ExecError)) throw error;
      return { ok: false, entry_id: "0", message: `Cache with key ${key} was not saved: ${error.message}` };
    }
  }

  async #downloadUrl(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const entry = await this.#find(identity, request);
    if (!entry) return { ok: false, signed_download_url: "", matched_key: "" };
    return {
      ok: true,
      signed_download_url: this.#caches.downloadUrl(identity, entry),
      matched_key: entry.key,
    };
  }

  async #lookup(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const entry = await this.#find(identity, request);
    return entry ? { exists: true, entry: shown(entry) } : { exists: false };
  }

  async #list(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const prefixes = [textField(request, "key"), ...textsField(request, "restore_keys")];
    const entries = await this.#caches.list(identity, prefixes);
    return { entries: entries.map(shown) };
  }

  async #delete(identity: JobIdentity, request: JsonObject): Promise<JsonObject> {
    const entry = await this.#caches.remove(identity, textField(request, "key"));
    return { ok: entry !== undefined, entry_id: String(entry?.id ?? 0) };
  }

  #find(identity: JobIdentity, request: JsonObject): Promise<KeptCache | undefined> {
    const keys = [textField(request, "key"), ...textsField(request, "restore_keys")];
    return this.#caches.find(identity, keys, textField(request, "version"));
  }
}

function shown(entry: KeptCache): JsonObject {
  return {
    key: entry.key,
    hash: "",
    size_bytes: String(entry.sizeBytes),
    scope: entry.scope,
    version: entry.version,
    created_at: new Date(entry.createdAt).toISOString(),
  };
}
