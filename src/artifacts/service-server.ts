import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileError } from "../blobs/file-error.ts";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { ExecError } from "../errors.ts";
import { type JobIdentity, JobTokens, jobBackendId } from "../identity/job-tokens.ts";
import { mayRequestIdToken } from "../identity/oidc-claims.ts";
import { OidcIssuer } from "../identity/oidc-issuer.ts";
import type { ServiceJob } from "../identity/service-job.ts";
import type { JobServices } from "../protocol/job-request.ts";
import { ArtifactCatalog } from "./artifact-catalog.ts";
import { ArtifactService } from "./artifact-service.ts";
import { encodeReference } from "./blob-routes.ts";
import { CacheCatalog } from "./cache-catalog.ts";
import { CacheService } from "./cache-service.ts";
import { CacheTwirp } from "./cache-twirp.ts";
import { clearLeftovers, processFolderName } from "./clear-leftovers.ts";
import { jsonErrorBody } from "./http-errors.ts";
import { route } from "./service-router.ts";
import type { Services, ServicesOptions } from "./services.ts";
import { signUrl } from "./signed-url.ts";
import { listArtifacts } from "./stored-artifacts.ts";
import { UploadSessions } from "./upload-sessions.ts";

const DEFAULT_QUOTA_BYTES = 10 * 1024 ** 3;
const DEFAULT_RETENTION_DAYS = 90;
/** Signed addresses die with their job; this only bounds those of jobs that never end. */
const URL_LIFETIME_MS = 24 * 3600 * 1000;

/** Starts the services on 127.0.0.1, on a free port. Rejects with `ExecError` where the folders cannot be used. */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { clock, directory } = options;
  const cacheDirectory = options.cacheDirectory ?? join(directory, ".cache");
  await mkdir(directory, { recursive: true }).catch((error) => {
    throw fileError(error, `cannot keep artifacts in ${directory}`);
  });

  // Not imported: an import of node:http also loads its WebSocket client, 15 ms that every build with an action would pay.
  const { createServer } = process.getBuiltinModule("node:http");
  // actions/cache before v4.0.1 does not end while a connection of its is open, however idle: each save waits this long.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 2_000 });
  const origin = `http://127.0.0.1:${await listen(server)}`;
  const urlSecret = randomBytes(32);
  const mine = processFolderName(randomBytes(6).toString("hex"));
  const artifactStore = new FolderBlobStore({ root: directory });
  const cacheStore = new FolderBlobStore({ root: cacheDirectory });
  const artifactSessions = new UploadSessions(join(directory, ".uploads", mine));
  const cacheSessions = new UploadSessions(join(cacheDirectory, ".uploads", mine));
  const tokens = new JobTokens(randomBytes(32), clock);
  const catalog = new ArtifactCatalog(artifactStore, clock);

  const uploadUrl = (kind: string) => (session: { id: string; owner: string }) =>
    origin +
    signUrl(
      {
        path: `/blobs/${kind}/${session.id}`,
        access: "w",
        job: session.owner,
        expiresAt: clock() + URL_LIFETIME_MS,
      },
      urlSecret,
    );
  const downloadUrl =
    (kind: string) => (identity: JobIdentity, key: string, contentType: string, fileName: string) =>
      origin +
      signUrl(
        {
          path: `/blobs/${kind}/${encodeReference(key)}`,
          access: "r",
          job: identity.jobBackendId,
          expiresAt: clock() + URL_LIFETIME_MS,
          contentType,
          fileName,
        },
        urlSecret,
      );

  const artifacts = new ArtifactService({
    catalog,
    sessions: artifactSessions,
    clock,
    retentionDays: options.retentionDays ?? DEFAULT_RETENTION_DAYS,
    uploadUrl: uploadUrl("artifacts"),
    downloadUrl: downloadUrl("artifacts"),
  });
  const caches = new CacheService({
    catalog: new CacheCatalog(cacheStore, clock),
    sessions: cacheSessions,
    clock,
    quotaBytes: options.cacheQuotaBytes ?? DEFAULT_QUOTA_BYTES,
    downloadUrl: downloadUrl("caches"),
  });
  const oidc = new OidcIssuer({ issuer: origin, keyDirectory: options.keyDirectory, clock });
  const parts = {
    tokens,
    oidc,
    artifacts,
    caches,
    cacheTwirp: new CacheTwirp(caches, (reservation) => uploadUrl("caches")(reservation.session)),
    blobs: {
      artifacts: { store: artifactStore, sessions: artifactSessions },
      caches: { store: cacheStore, sessions: cacheSessions },
    },
    urlSecret,
    clock,
    hosts: [origin.slice("http://".length), origin.replace("http://127.0.0.1", "localhost")],
  };
  server.on("request", (request, response) => void route(parts, request, response));
  server.on("clientError", (_, socket) => {
    if (!socket.writable) return void socket.destroy();
    const failure = { status: 400, code: "malformed", message: "this is not HTTP" };
    const body = JSON.stringify(jsonErrorBody(failure));
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\n\r\n${body}`,
    );
  });

  const tidyingEnds = new AbortController();
  const tidying = Promise.allSettled([
    catalog.removeExpired(tidyingEnds.signal),
    ...[directory, cacheDirectory].flatMap((folder) =>
      [".uploads", ".tmp"].map((name) => clearLeftovers(join(folder, name), clock())),
    ),
  ]);

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      options.signal?.removeEventListener("abort", close);
      tidyingEnds.abort();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await Promise.all([artifactSessions.close(), cacheSessions.close(), tidying]);
    })();
    return closing;
  };
  options.signal?.addEventListener("abort", close);
  if (options.signal?.aborted) await close();

  return {
    async servicesFor(job) {
      if (closing) throw new ExecError("Cancelled", "the artifact and cache services are closed");
      return addresses(origin, tokens, job);
    },
    async revoke(job) {
      const identity = tokens.liveJob(jobBackendId(job));
      if (!identity) return;
      tokens.revoke(job);
      await Promise.all([artifacts.dropJob(identity), caches.dropJob(identity)]);
    },
    listArtifacts: (buildId) => listArtifacts(catalog, artifactStore, buildId),
    async collectArtifacts(request) {
      const { collectArtifacts } = await import("./collect-artifacts.ts");
      return collectArtifacts(catalog, artifactStore, request, clock);
    },
    close,
  };
}

function addresses(origin: string, tokens: JobTokens, job: ServiceJob): JobServices {
  return {
    resultsUrl: `${origin}/`,
    cacheUrl: `${origin}/`,
    runtimeUrl: `${origin}/`,
    runtimeToken: tokens.issue(job, "runtime"),
    ...(mayRequestIdToken(job.permissions) && {
      // The clients append `&audience=…` and rely on a query that has begun.
      idTokenRequestUrl: `${origin}/oidc/token?api-version=2.0`,
      idTokenRequestToken: tokens.issue(job, "id-token"),
    }),
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  }).catch((error) => {
    throw fileError(error, "cannot start the artifact and cache services on 127.0.0.1");
  });
  // A job in flight keeps the program alive; the service that waits for one does not.
  server.unref();
  return (server.address() as AddressInfo).port;
}
