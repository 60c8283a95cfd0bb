/**
 * The first cache API, `/_apis/artifactcache/`: `GET cache?keys=&version=`, `GET caches?key=`, `POST caches`,
 * `PATCH caches/<id>`, `POST caches/<id>`.
 */
import { ExecError } from "../errors.ts";
import type { JobIdentity } from "../identity/job-tokens.ts";
import type { KeptCache } from "./cache-catalog.ts";
import type { CacheService } from "./cache-service.ts";
import { type Exchange, readJson, sendJson } from "./http-exchange.ts";
import { intField, textField } from "./twirp-fields.ts";

export const CACHE_V1_PREFIX = "/_apis/artifactcache/";

export async function handleCacheV1(
  exchange: Exchange,
  identity: JobIdentity,
  caches: CacheService,
): Promise<void> {
  const { method, url, response } = exchange;
  const resource = url.pathname.slice(CACHE_V1_PREFIX.length);
  const id = /^caches\/(\d{1,16})$/.exec(resource)?.[1];
  if (method === "GET" && resource === "cache") {
    const keys = (url.searchParams.get("keys") ?? "").split(",").map((key) => key.trim());
    const entry = await caches.find(identity, keys, url.searchParams.get("version") ?? "");
    if (!entry) response.writeHead(204).end();
    else sendJson(response, 200, { ...shown(entry), archiveLocation: caches.downloadUrl(identity, entry) });
  } else if (method === "GET" && resource === "caches") {
    const entries = await caches.list(identity, [url.searchParams.get("key") ?? ""]);
    sendJson(response, 200, { totalCount: entries.length, artifactCaches: entries.map(shown) });
  } else if (method === "POST" && resource === "caches") {
    const body = await readJson(exchange.request);
    const upload = await caches.reserve(
      identity,
      textField(body, "key"),
      textField(body, "version"),
      intField(body, "cacheSize"),
    );
    sendJson(response, 201, { cacheId: Number(upload.id) });
  } else if (method === "PATCH" && id !== undefined) {
    const upload = await caches.reservation(identity, Number(id));
    const { start, length } = contentRange(exchange.request.headers["content-range"]);
    await upload.putRange(start, exchange.request.iterator({ destroyOnReturn: false }), length);
    response.writeHead(204).end();
  } else if (method === "POST" && id !== undefined) {
    const upload = await caches.reservation(identity, Number(id));
    const size = intField(await readJson(exchange.request), "size") ?? 0;
    await upload.commitRanges(size);
    await caches.commit(identity, upload, size);
    response.writeHead(204).end();
  } else {
    throw new ExecError("NotFound", `the cache service has no ${method} ${resource}`);
  }
}

function contentRange(header: string | undefined): { start: number; length: number } {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(?:\*|\d+)$/.exec(header ?? "");
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || end < start) {
    throw new ExecError("InvalidSpec", "Content-Range is `bytes <first>-<last>/*`");
  }
  return { start, length: end - start + 1 };
}

function shown(entry: KeptCache): Record<string, string> {
  return {
    cacheKey: entry.key,
    scope: entry.scope,
    cacheVersion: entry.version,
    creationTime: new Date(entry.createdAt).toISOString(),
  };
}
