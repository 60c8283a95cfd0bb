import type { BlobStore } from "../blobs/blob-store.ts";
import type { JobIdentity, JobTokens } from "../identity/job-tokens.ts";
import type { OidcIssuer } from "../identity/oidc-issuer.ts";
import type { ArtifactCatalog } from "./artifact-catalog.ts";
import { ArtifactService } from "./artifact-service.ts";
import { encodeReference } from "./blob-routes.ts";
import type { CacheCatalog } from "./cache-catalog.ts";
import { CacheService } from "./cache-service.ts";
import { CacheTwirp } from "./cache-twirp.ts";
import type { CollectionRule } from "./collection-rule.ts";
import type { RouterParts } from "./service-router.ts";
import { signUrl } from "./signed-url.ts";
import type { Upload, Uploads } from "./uploads.ts";

/** What is different between a run of one program and a server; the protocols are not. */
export interface ServicePartsOptions {
  /** Where jobs reach the services: `http://127.0.0.1:1234`. */
  readonly origin: () => string;
  readonly tokens: JobTokens;
  readonly oidc: OidcIssuer;
  readonly artifacts: ContentPlace<ArtifactCatalog>;
  readonly caches: ContentPlace<CacheCatalog>;
  readonly cacheQuotaBytes: number;
  readonly retentionDays: (identity: JobIdentity) => number | Promise<number>;
  readonly maxArtifactBytes?: number;
  /** As `ArtifactServiceParts.rule`. */
  readonly collectionRule?: CollectionRule;
  readonly urlSecret: Uint8Array;
  readonly clock: () => number;
}

interface ContentPlace<C> {
  readonly store: BlobStore;
  readonly catalog: C;
  readonly uploads: Uploads;
}

/** Signed addresses die with their job; this only bounds those of jobs that never end. */
const URL_LIFETIME_MS = 24 * 3600 * 1000;

export function serviceParts(options: ServicePartsOptions): RouterParts {
  const { tokens, oidc, clock, urlSecret, maxArtifactBytes, collectionRule } = options;
  const sign = (grant: Omit<Parameters<typeof signUrl>[0], "expiresAt">): string =>
    options.origin() + signUrl({ ...grant, expiresAt: clock() + URL_LIFETIME_MS }, urlSecret);
  const uploadUrl =
    (kind: string) =>
    ({ id, owner }: Upload): string =>
      sign({ path: `/blobs/${kind}/${id}`, access: "w", job: owner });
  const downloadUrl =
    (kind: string) =>
    ({ liveId }: JobIdentity, key: string, contentType: string, fileName: string): string =>
      sign({
        path: `/blobs/${kind}/${encodeReference(key)}`,
        access: "r",
        job: liveId,
        contentType,
        fileName,
      });
  const isLive = (liveId: string): Promise<boolean> => tokens.isLive(liveId);

  const artifacts = new ArtifactService({
    catalog: options.artifacts.catalog,
    uploads: options.artifacts.uploads,
    clock,
    isLive,
    retentionDays: options.retentionDays,
    ...(collectionRule === undefined ? {} : { rule: collectionRule }),
    ...(maxArtifactBytes === undefined ? {} : { maxBytes: maxArtifactBytes }),
    uploadUrl: uploadUrl("artifacts"),
    downloadUrl: downloadUrl("artifacts"),
  });
  const caches = new CacheService({
    catalog: options.caches.catalog,
    uploads: options.caches.uploads,
    isLive,
    quotaBytes: options.cacheQuotaBytes,
    downloadUrl: downloadUrl("caches"),
  });
  return {
    tokens,
    oidc,
    artifacts,
    caches,
    cacheTwirp: new CacheTwirp(caches, uploadUrl("caches")),
    blobs: { artifacts: options.artifacts, caches: options.caches },
    urlSecret,
    clock,
  };
}
