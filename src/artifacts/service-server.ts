import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileError } from "../blobs/file-error.ts";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { ExecError } from "../errors.ts";
import { MemoryJobTokens } from "../identity/memory-job-tokens.ts";
import { OidcIssuer } from "../identity/oidc-issuer.ts";
import { oidcKey } from "../identity/oidc-key.ts";
import { BlobArtifactCatalog } from "./blob-artifact-catalog.ts";
import { BlobCacheCatalog } from "./blob-cache-catalog.ts";
import { clearLeftovers, processFolderName } from "./clear-leftovers.ts";
import { FolderUploads } from "./folder-uploads.ts";
import { jsonErrorBody } from "./http-errors.ts";
import { serviceAddresses } from "./service-addresses.ts";
import { serviceParts } from "./service-parts.ts";
import { route } from "./service-router.ts";
import type { Services, ServicesOptions } from "./services.ts";
import { listArtifacts, storedArtifact } from "./stored-artifacts.ts";

const DEFAULT_QUOTA_BYTES = 10 * 1024 ** 3;
const DEFAULT_RETENTION_DAYS = 90;

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
  const mine = processFolderName(randomBytes(6).toString("hex"));
  const artifactStore = new FolderBlobStore({ root: directory });
  const cacheStore = new FolderBlobStore({ root: cacheDirectory });
  const artifactUploads = new FolderUploads(join(directory, ".uploads", mine));
  const cacheUploads = new FolderUploads(join(cacheDirectory, ".uploads", mine));
  const tokens = new MemoryJobTokens(randomBytes(32), clock);
  const catalog = new BlobArtifactCatalog(artifactStore, clock);
  const parts = {
    ...serviceParts({
      origin: () => origin,
      tokens,
      oidc: new OidcIssuer({ issuer: origin, key: () => oidcKey(options.keyDirectory), clock }),
      artifacts: { store: artifactStore, catalog, uploads: artifactUploads },
      caches: { store: cacheStore, catalog: new BlobCacheCatalog(cacheStore, clock), uploads: cacheUploads },
      cacheQuotaBytes: options.cacheQuotaBytes ?? DEFAULT_QUOTA_BYTES,
      retentionDays: () => options.retentionDays ?? DEFAULT_RETENTION_DAYS,
      urlSecret: randomBytes(32),
      clock,
    }),
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
      await Promise.all([artifactUploads.close(), cacheUploads.close(), tidying]);
    })();
    return closing;
  };
  options.signal?.addEventListener("abort", close);
  if (options.signal?.aborted) await close();

  return {
    async servicesFor(job) {
      if (closing) throw new ExecError("Cancelled", "the artifact and cache services are closed");
      return serviceAddresses(origin, tokens, job);
    },
    async revoke(job) {
      const liveId = await tokens.revoke(job);
      if (liveId === undefined) return;
      await Promise.all([artifactUploads.endAllOf(liveId), cacheUploads.endAllOf(liveId)]);
    },
    listArtifacts: (buildId) => listArtifacts(catalog, artifactStore, buildId),
    async collectArtifacts(request) {
      const { collectArtifacts } = await import("./collect-artifacts.ts");
      const report = await collectArtifacts({ catalog, uploads: artifactUploads, clock }, request);
      return {
        ...report,
        artifacts: report.artifacts.map((artifact) => storedArtifact(artifact, artifactStore)),
      };
    },
    close,
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
