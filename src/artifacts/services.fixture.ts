import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { onTestFinished } from "vitest";
import type { ServiceJob } from "../identity/service-job.ts";
import type { JsonObject } from "../json.ts";
import type { JobServices } from "../protocol/job-request.ts";
import { startServices } from "./service-server.ts";
import type { Services, ServicesOptions } from "./services.ts";

export const JOB: ServiceJob = {
  buildId: "build-1",
  jobKey: "test",
  attempt: 1,
  github: {
    repository: "acme/app",
    ref: "refs/heads/main",
    event: { repository: { default_branch: "main" } },
  },
};

/** Real services in a folder of their own that goes when the test ends. Time stands still unless the test moves it. */
export interface ServicesFixture {
  readonly services: Services;
  readonly folder: string;
  readonly time: { now: number };
  client(change?: Partial<ServiceJob>): Promise<JobClient>;
  /** Other services on the same folders, as a second run has them. */
  again(): Promise<ServicesFixture>;
}

export async function openServices(options: Partial<ServicesOptions> = {}): Promise<ServicesFixture> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-services-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return openIn(folder, options);
}

async function openIn(folder: string, options: Partial<ServicesOptions>): Promise<ServicesFixture> {
  const time = { now: Date.UTC(2026, 0, 1) };
  const services = await startServices({
    directory: join(folder, "artifacts"),
    cacheDirectory: join(folder, "cache"),
    clock: () => time.now,
    ...options,
  });
  onTestFinished(() => services.close());
  return {
    services,
    folder,
    time,
    client: async (change = {}) => new JobClient(await services.servicesFor({ ...JOB, ...change })),
    again: () => openIn(folder, options),
  };
}

/** What a job's step could send, one request at a time. */
export class JobClient {
  readonly services: JobServices;
  readonly runId: string;
  readonly jobId: string;

  constructor(services: JobServices) {
    this.services = services;
    const { scp } = decodeJwt<{ scp: string }>(services.runtimeToken);
    const [, runId = "", jobId = ""] = scp.split(":");
    this.runId = runId;
    this.jobId = jobId;
  }

  async request(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(new URL(path, this.services.resultsUrl), {
      ...init,
      headers: { authorization: `Bearer ${this.services.runtimeToken}`, ...init.headers },
    });
    return answerOf(response);
  }

  twirp(service: "Artifact" | "Cache", method: string, body: JsonObject): Promise<Answer> {
    return this.request(`/twirp/github.actions.results.api.v1.${service}Service/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  /** A method of ArtifactService, with the backend ids the clients send. */
  artifact(method: string, body: JsonObject = {}): Promise<Answer> {
    return this.twirp("Artifact", method, {
      workflow_run_backend_id: this.runId,
      workflow_job_run_backend_id: this.jobId,
      ...body,
    });
  }

  cache(method: string, body: JsonObject): Promise<Answer> {
    return this.twirp("Cache", method, body);
  }

  /** Creates, uploads and finishes an artifact. */
  async upload(name: string, content: string, mimeType = "application/zip"): Promise<Answer> {
    const created = await this.artifact("CreateArtifact", { name, version: 7, mime_type: mimeType });
    if (created.status !== 200) return created;
    await put(String(created.body.signed_upload_url), content);
    return this.artifact("FinalizeArtifact", { name, size: String(Buffer.byteLength(content)) });
  }

  async download(name: string): Promise<Response> {
    const signed = await this.artifact("GetSignedArtifactURL", { name });
    return fetch(String(signed.body.signed_url));
  }

  /** Reserves, uploads and commits a cache of version `v`. */
  async saveCache(key: string, content: string, version = "v"): Promise<Answer> {
    const created = await this.cache("CreateCacheEntry", { key, version });
    if (created.body.ok !== true) return created;
    await put(String(created.body.signed_upload_url), content);
    const size_bytes = String(Buffer.byteLength(content));
    return this.cache("FinalizeCacheEntryUpload", { key, version, size_bytes });
  }

  /** The key and content found; undefined where there is none. */
  async restoreCache(
    key: string,
    restoreKeys: string[] = [],
    version = "v",
  ): Promise<{ key: string; content: string } | undefined> {
    const found = await this.cache("GetCacheEntryDownloadURL", { key, restore_keys: restoreKeys, version });
    if (found.body.ok !== true) return undefined;
    const response = await fetch(String(found.body.signed_download_url));
    return { key: String(found.body.matched_key), content: await response.text() };
  }
}

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  readonly text: string;
}

export async function put(
  url: string,
  content: string | Uint8Array<ArrayBuffer>,
  query = "",
): Promise<Answer> {
  return answerOf(
    await fetch(url + query, { method: "PUT", body: content, headers: { "x-ms-blob-type": "BlockBlob" } }),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") ?? false;
  return { status: response.status, text, body: isJson ? JSON.parse(text) : {} };
}
