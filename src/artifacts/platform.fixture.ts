import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { BlobStore } from "../blobs/blob-store.ts";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import { type JobRecords, jobRecords } from "../identity/job-records.fixture.ts";
import { MasterKey } from "../identity/master-key.ts";
import { SecretVault } from "../identity/secret-vault.ts";
import type { ServiceJob } from "../identity/service-job.ts";
import { StoredJobTokens } from "../identity/stored-job-tokens.ts";
import type { ClaimedBuild } from "../store/build-store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import {
  createPlatformServices,
  type PlatformServices,
  type PlatformServicesOptions,
} from "./platform-services.ts";
import { JOB, JobClient } from "./services.fixture.ts";

/** Two servers on the same records and blobs behind one address, which hands them requests by turns. */
export interface PlatformFixture {
  readonly records: JobRecords;
  readonly blobs: BlobStore;
  readonly folder: string;
  readonly servers: readonly [PlatformServices, PlatformServices];
  readonly origin: string;
  /** Of builds by their id; one that is not there is begun, in the project that its id's part before `:` names, else `p1`. */
  claim(buildId: string): Promise<ClaimedBuild>;
  /** Takes over one that was begun elsewhere. */
  adopt(buildId: string, claim: ClaimedBuild): Promise<void>;
  /** A job that runs. */
  job(change?: Partial<ServiceJob>): Promise<ServiceJob>;
  client(change?: Partial<ServiceJob>): Promise<JobClient>;
  /** Keys of blobs that begin so, sorted. */
  keys(prefix: string): Promise<readonly string[]>;
}

export async function openPlatform(options: Partial<PlatformServicesOptions> = {}): Promise<PlatformFixture> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-platform-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const records = await jobRecords();
  const { store, clock } = records;
  for (const id of ["p1", "p2"]) await records.project(id);
  const blobs = options.blobs ?? new FolderBlobStore({ root: join(folder, "blobs") });
  const masterKey = MasterKey.random();
  let origin = "";
  const server = (): PlatformServices =>
    createPlatformServices({
      ...{ store, blobs, masterKey, clock, logger: silentLogger, publicUrl: () => `${origin}/` },
      tokens: new StoredJobTokens({ builds: store.builds, masterKeys: [masterKey], clock }),
      vault: new SecretVault({ projects: store.projects, masterKeys: [masterKey], clock }),
      ...options,
    });
  const servers = [server(), server()] as const;
  let turn = 0;
  const front = createServer((request, response) => {
    const mine = servers[turn++ % 2]?.handle(request, response);
    void mine?.then((answered) => {
      if (!answered) response.writeHead(418).end();
    });
  });
  // As the server has it; what these services do about it shows only then.
  front.keepAliveTimeout = 60_000;
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  onTestFinished(async () => {
    front.closeAllConnections();
    await new Promise((resolve) => front.close(resolve));
  });
  origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;

  const claims = new Map<string, ClaimedBuild>();
  const begun = new Set<string>();
  const fixture: PlatformFixture = {
    ...{ records, blobs, folder, servers, origin },
    async claim(buildId) {
      const claim = claims.get(buildId) ?? (await records.build(buildId, projectOf(buildId)));
      await fixture.adopt(buildId, claim);
      return claim;
    },
    async adopt(buildId, claim) {
      claims.set(buildId, claim);
      begun.add(`${buildId} test 1`);
    },
    async job(change = {}) {
      const job = { ...JOB, ...change };
      const name = `${job.buildId} ${job.jobKey} ${job.attempt}`;
      const claim = await fixture.claim(job.buildId);
      if (!begun.has(name)) await records.job(claim, job.jobKey, job.attempt);
      begun.add(name);
      return job;
    },
    client: async (change) => new JobClient(await servers[0].servicesFor(await fixture.job(change))),
    async keys(prefix) {
      const keys: string[] = [];
      for await (const { key } of blobs.list(prefix)) keys.push(key);
      return keys.sort();
    },
  };
  return fixture;
}

function projectOf(buildId: string): { readonly projectId?: string } {
  const [project, rest] = buildId.split(":");
  return project === undefined || rest === undefined ? {} : { projectId: project };
}
