import type { IncomingMessage, ServerResponse } from "node:http";
import type { BlobStore } from "../blobs/blob-store.ts";
import type { Clock } from "../clock.ts";
import type { JobName } from "../identity/job-tokens.ts";
import type { MasterKey } from "../identity/master-key.ts";
import { OidcIssuer } from "../identity/oidc-issuer.ts";
import type { SecretVault } from "../identity/secret-vault.ts";
import type { ServiceJob } from "../identity/service-job.ts";
import type { StoredJobTokens } from "../identity/stored-job-tokens.ts";
import type { JobServices } from "../protocol/job-request.ts";
import type { Store } from "../store/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import { BlobUploads } from "./blob-uploads.ts";
import { CollectionRule } from "./collection-rule.ts";
import { type EndedJobPlace, JobArtifactCollector } from "./job-artifact-collector.ts";
import { RecordedArtifactCatalog } from "./recorded-artifact-catalog.ts";
import { RecordedCacheCatalog } from "./recorded-cache-catalog.ts";
import { serviceAddresses } from "./service-addresses.ts";
import { serviceParts } from "./service-parts.ts";
import { ownsPath, route, SERVICE_PREFIXES } from "./service-router.ts";
import { sharedOidcKey } from "./shared-oidc-key.ts";

export interface PlatformServicesOptions {
  readonly store: Pick<Store, "artifacts" | "builds" | "projects">;
  readonly blobs: BlobStore;
  readonly tokens: StoredJobTokens;
  readonly vault: SecretVault;
  /** Signed addresses are made with a key of its own. */
  readonly masterKey: MasterKey;
  /** Where jobs reach this server: an origin, without a path (the clients of GitHub's services drop one). */
  readonly publicUrl: string | (() => string);
  /** Who says so in id tokens, as others reach it to verify them; absent: as jobs do. */
  readonly issuer?: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where a project names no number of its own; 90 where absent. */
  readonly artifactRetentionDays?: number;
  /** Of one artifact; 10 GiB where absent. */
  readonly maxArtifactBytes?: number;
  /** Of all caches of a project; 10 GiB where absent. */
  readonly cacheQuotaBytes?: number;
}

/** Artifacts, caches and id tokens for jobs, by the same protocols as `slipway run` has, served by any process. */
export interface PlatformServices {
  /** Addresses and fresh tokens for one job, which must be in the records. */
  servicesFor(job: ServiceJob): Promise<JobServices>;
  /** The attempt has ended: its unfinished uploads are dropped, its tokens refused (elsewhere, once its record says so). */
  revoke(job: JobName): Promise<void>;
  /** Where the job clones its project from, and its right to. */
  checkoutSource(job: JobName, projectId: string): Promise<{ readonly url: string; readonly token: string }>;
  /**
   * Keeps the `artifacts` of a `.platform.yaml` from the workspace of a job that has ended; nothing for other pipelines.
   * Gives what could not be kept and why, one text each, for a person.
   */
  collectArtifacts(job: EndedJobPlace): Promise<readonly string[]>;

  /** First parts of the paths that `handle` may answer. */
  readonly prefixes: readonly string[];
  /** False: the path is none of these services'; nothing was read or written. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;

  /** Removes what is left of uploads that nobody saw end. Gives the number of blobs. To be called now and then. */
  clearLeftovers(): Promise<number>;
}

const GIB = 1024 ** 3;
const DAY_MS = 24 * 3600 * 1000;
/** actions/cache before v4.0.1 does not end while a connection of its is open, however idle: each save waits this long. */
const IDLE_MS = 2000;
const LEFTOVER_MS = 2 * DAY_MS;

export function createPlatformServices(options: PlatformServicesOptions): PlatformServices {
  const { store, blobs, tokens, vault, clock, logger } = options;
  const origin = () =>
    new URL(typeof options.publicUrl === "string" ? options.publicUrl : options.publicUrl()).origin;
  const now = () => clock.now();
  const isOwned = async (key: string) => (await store.artifacts.ownedBlobs([key])).has(key);
  const uploads = (kind: string) => new BlobUploads({ store: blobs, prefix: `uploads/${kind}`, isOwned });
  const artifactUploads = uploads("artifacts");
  const cacheUploads = uploads("caches");
  const catalogOptions = { records: store.artifacts, store: blobs, clock };
  const catalog = new RecordedArtifactCatalog(catalogOptions);
  const retentionDays = async (projectId: string): Promise<number> => {
    const { settings } = await store.projects.getProject(projectId);
    return settings.artifactRetentionDays ?? options.artifactRetentionDays ?? 90;
  };
  const rule = new CollectionRule(store.builds);
  const collector = new JobArtifactCollector({
    rule,
    catalog,
    uploads: artifactUploads,
    clock: now,
    retentionDays,
  });
  const partsFor = (issuer: string) => ({
    ...serviceParts({
      origin,
      tokens,
      oidc: new OidcIssuer({ issuer, key: () => sharedOidcKey(blobs, vault), clock: now }),
      artifacts: { store: blobs, catalog, uploads: artifactUploads },
      caches: { store: blobs, catalog: new RecordedCacheCatalog(catalogOptions), uploads: cacheUploads },
      cacheQuotaBytes: options.cacheQuotaBytes ?? 10 * GIB,
      collectionRule: rule,
      maxArtifactBytes: options.maxArtifactBytes ?? 10 * GIB,
      retentionDays: ({ space }) => retentionDays(space),
      urlSecret: options.masterKey.derive("signed addresses of services"),
      clock: now,
    }),
    onUnexpected: (error: unknown) => logger.error({ error }, "a request to the services of jobs failed"),
  });
  let parts: ReturnType<typeof partsFor> | undefined;

  return {
    servicesFor: (job) => serviceAddresses(origin(), tokens, job),
    async revoke(job) {
      const liveId = await tokens.revoke(job);
      if (liveId === undefined) return;
      await Promise.all([artifactUploads.endAllOf(liveId), cacheUploads.endAllOf(liveId)]);
    },
    async checkoutSource({ buildId, jobKey, attempt }, projectId) {
      const token = await tokens.issue({ buildId, jobKey, attempt, github: {} }, "git");
      return { url: `${origin()}/git/${encodeURIComponent(projectId)}.git`, token };
    },
    collectArtifacts: (job) => collector.collect(job),
    prefixes: SERVICE_PREFIXES,
    async handle(request, response) {
      if (!ownsPath(request.url ?? "")) return false;
      const { socket } = request;
      response.once("finish", () => socket.setTimeout(IDLE_MS));
      parts ??= partsFor(options.issuer === undefined ? origin() : new URL(options.issuer).origin);
      await route(parts, request, response);
      return true;
    },
    async clearLeftovers() {
      const before = clock.now() - LEFTOVER_MS;
      const counts = await Promise.all([
        artifactUploads.clearLeftovers(before),
        cacheUploads.clearLeftovers(before),
      ]);
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
