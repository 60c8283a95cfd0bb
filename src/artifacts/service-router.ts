import type { IncomingMessage, ServerResponse } from "node:http";
import { ExecError } from "../errors.ts";
import type { JobTokens } from "../identity/job-tokens.ts";
import type { OidcIssuer } from "../identity/oidc-issuer.ts";
import type { ArtifactService } from "./artifact-service.ts";
import { type BlobTarget, handleBlob, sendBlobError } from "./blob-routes.ts";
import type { CacheService } from "./cache-service.ts";
import type { CacheTwirp } from "./cache-twirp.ts";
import { CACHE_V1_PREFIX, handleCacheV1 } from "./cache-v1-routes.ts";
import { httpFailure, jsonErrorBody } from "./http-errors.ts";
import { bearerToken, type Exchange, readJson, sendJson } from "./http-exchange.ts";
import { readSignedUrl } from "./signed-url.ts";

export interface RouterParts {
  readonly tokens: JobTokens;
  readonly oidc: OidcIssuer;
  readonly artifacts: ArtifactService;
  readonly caches: CacheService;
  readonly cacheTwirp: CacheTwirp;
  /** By the second part of a signed address's path. */
  readonly blobs: { readonly [kind: string]: BlobTarget };
  readonly urlSecret: Uint8Array;
  readonly clock: () => number;
  /** `127.0.0.1:<port>`, as requests must name it: a page in somebody's browser cannot under a name of its own. Absent: any. */
  readonly hosts?: readonly string[];
  /** Hears of errors that are a mistake of ours. */
  readonly onUnexpected?: (error: unknown) => void;
}

const BLOBS_PREFIX = "/blobs/";
const OIDC_TOKEN_PATH = "/oidc/token";
const DISCOVERY_PATH = "/.well-known/openid-configuration";
const JWKS_PATH = "/.well-known/jwks";

/** Every path that `route` has something under begins with one of these. */
export const SERVICE_PREFIXES: readonly string[] = ["/twirp", "/_apis", "/blobs", "/oidc", "/.well-known"];

/** Whether a request's target is for these services; anything else below `/.well-known/` is not. */
export function ownsPath(target: string): boolean {
  const path = target.split("?", 1)[0] ?? "";
  if (path.startsWith("/.well-known/")) return path === DISCOVERY_PATH || path === JWKS_PATH;
  return SERVICE_PREFIXES.some((prefix) => path.startsWith(`${prefix}/`));
}

const TWIRP = /^\/twirp\/github\.actions\.results\.api\.v1\.(ArtifactService|CacheService)\/(\w+)$/;

/** Answers every request, whatever it is; never throws. */
export async function route(
  parts: RouterParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? "GET";
  let exchange: Exchange | undefined;
  try {
    exchange = { request, response, method, url: urlOf(request) };
    await answer(parts, exchange);
  } catch (error) {
    if (!(error instanceof ExecError) && !request.destroyed) parts.onUnexpected?.(error);
    if (exchange?.url.pathname.startsWith(BLOBS_PREFIX)) sendBlobError(exchange, error);
    else sendError(response, error);
    if (response.headersSent && !response.writableEnded) response.destroy();
    // What is left of the body is read and dropped: closing now could take the answer away from the sender.
    request.resume();
  }
}

async function answer(parts: RouterParts, exchange: Exchange): Promise<void> {
  const { request, response, method, url } = exchange;
  if (parts.hosts?.includes(request.headers.host ?? "") === false) {
    throw new ExecError("Forbidden", "this service answers only to its own address");
  }
  const path = url.pathname;
  if (path.startsWith(BLOBS_PREFIX)) return answerBlob(parts, exchange);
  if (path.startsWith("/twirp/")) return answerTwirp(parts, exchange);
  if (path.startsWith(CACHE_V1_PREFIX)) {
    const identity = await parts.tokens.identify(bearerToken(request), "runtime");
    return handleCacheV1(exchange, identity, parts.caches);
  }
  if (path === OIDC_TOKEN_PATH && (method === "GET" || method === "POST")) {
    const { job } = await parts.tokens.identify(bearerToken(request), "id-token");
    const value = await parts.oidc.idToken(job, url.searchParams.get("audience") ?? undefined);
    return sendJson(response, 200, { count: value.length, value });
  }
  if (path === DISCOVERY_PATH && method === "GET") {
    return sendJson(response, 200, parts.oidc.discovery());
  }
  if (path === JWKS_PATH && method === "GET") {
    return sendJson(response, 200, await parts.oidc.jwks());
  }
  if (path.startsWith("/_apis/pipelines/") || path.startsWith("/_apis/resources/")) {
    throw new ExecError(
      "NotFound",
      "artifacts v3 and older are not served: use actions/upload-artifact@v4 and actions/download-artifact@v4 or later",
    );
  }
  throw new ExecError("NotFound", `there is no ${method} ${path}`);
}

async function answerBlob(parts: RouterParts, exchange: Exchange): Promise<void> {
  const { url } = exchange;
  const grant = readSignedUrl(url, parts.urlSecret, parts.clock());
  if (!(await parts.tokens.isLive(grant.job))) {
    throw new ExecError("Forbidden", "the job this address was made for has ended");
  }
  const kind = url.pathname.split("/")[2] ?? "";
  const target = Object.hasOwn(parts.blobs, kind) ? parts.blobs[kind] : undefined;
  if (!target) throw new ExecError("NotFound", `there is no ${url.pathname}`);
  await handleBlob(exchange, grant, target);
}

async function answerTwirp(parts: RouterParts, { request, response, method, url }: Exchange): Promise<void> {
  const [, service, name] = TWIRP.exec(url.pathname) ?? [];
  if (!service || !name) throw new ExecError("NotFound", `there is no ${method} ${url.pathname}`);
  const identity = await parts.tokens.identify(bearerToken(request), "runtime");
  if (method !== "POST") throw new ExecError("InvalidSpec", `${name} is called by POST, not ${method}`);
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new ExecError("InvalidSpec", `${name} is called with application/json, not ${type || "nothing"}`);
  }
  const message = await readJson(request);
  const handler = service === "ArtifactService" ? parts.artifacts : parts.cacheTwirp;
  const result = handler.call(name, identity, message);
  if (!result) throw new ExecError("NotFound", `${service} has no method ${name}`);
  sendJson(response, 200, await result);
}

function urlOf(request: IncomingMessage): URL {
  const target = request.url ?? "";
  const url = target.startsWith("/") ? URL.parse(`http://127.0.0.1${target}`) : null;
  if (!url) throw new ExecError("InvalidSpec", "the request's target is no path");
  return url;
}

function sendError(response: ServerResponse, error: unknown): void {
  const failure = httpFailure(error);
  if (failure.status === 401 && !response.headersSent) response.setHeader("www-authenticate", "Bearer");
  if (failure.status === 503 && !response.headersSent) response.setHeader("retry-after", "1");
  sendJson(response, failure.status, jsonErrorBody(failure));
}
