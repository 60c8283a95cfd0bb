import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance, InjectOptions } from "fastify";
import { FolderBlobStore } from "../../blobs/folder-blob-store.ts";
import { SignedBlobUrls } from "../../blobs/signed-blob-urls.ts";
import { createExecutorService } from "../../builds/service/create-executor-service.ts";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import { ApiTokens } from "../../identity/api-tokens.ts";
import { Authenticator } from "../../identity/authenticator.ts";
import { Logins } from "../../identity/logins.ts";
import { MasterKey } from "../../identity/master-key.ts";
import type { Permission } from "../../identity/permission.ts";
import { SecretVault } from "../../identity/secret-vault.ts";
import { RowLogSink } from "../../logs/row-log-sink.ts";
import { newId } from "../../new-id.ts";
import { createPipelineService } from "../../pipelines/create-pipeline-service.ts";
import { MemoryQueue } from "../../queue/memory-queue.ts";
import type { Repositories } from "../../repositories/repositories.ts";
import type { BuildChange, NewJob } from "../../store/build-change.ts";
import type { BuildLease, BuildRecord } from "../../store/build-record.ts";
import { openStore } from "../../store/open-store.ts";
import type { ProjectRecord } from "../../store/project-record.ts";
import { type Logger, silentLogger } from "../../telemetry/logger.ts";
import { noMetrics } from "../../telemetry/metrics.ts";
import { checkWebhookUrl } from "../../webhooks/check-webhook-url.ts";
import { SignedBlobHandler } from "../signed-blobs/signed-blob-handler.ts";
import type { ApiDeps, ApiSettings, Mount } from "./api-deps.ts";
import { createApi } from "./create-api.ts";

const CI = `name: CI
on:
  workflow_dispatch:
    inputs: { version: { required: false } }
jobs:
  test: { runs-on: ubuntu-latest, steps: [{ run: "true" }] }
`;
const SHA = "a".repeat(40);

/** An API over real parts: records, queue and events in memory, blobs in a folder; only repositories are made up. */
export class TestApi {
  readonly app: FastifyInstance;
  readonly deps: ApiDeps & Awaited<ReturnType<typeof realParts>>;
  /** Every permission. */
  readonly admin: string;
  #lastProject = 0;

  private constructor(app: FastifyInstance, deps: TestApi["deps"], admin: string) {
    this.app = app;
    this.deps = deps;
    this.admin = admin;
  }

  /** `change`: parts of the API alone that are to be others. */
  static async start(
    settings: Partial<ApiSettings> = {},
    change: (real: Awaited<ReturnType<typeof realParts>>) => Partial<ApiDeps> = () => ({}),
  ): Promise<TestApi> {
    const real = await realParts();
    const all = { version: "1.2.3", publicUrl: "http://ci.example.com", checkAnswers: true, ...settings };
    const deps = { ...real, settings: all };
    const { token } = await real.tokens.create({ name: "root", permissions: ["admin"] });
    return new TestApi(await createApi({ ...deps, ...change(real) }), deps, token);
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.deps.sink.close();
    await this.deps.events.close();
    await this.deps.store.close();
    rmSync(this.deps.folder, { recursive: true, force: true });
  }

  token(name: string, permissions: readonly Permission[], projectId?: string): Promise<string> {
    const request = { name, permissions, ...(projectId !== undefined && { projectId }) };
    return this.deps.tokens.create(request).then(({ token }) => token);
  }

  /** A request by the admin, unless `token` says by whom; null: by nobody. */
  async call(
    method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS",
    url: string,
    body?: unknown,
    more: { readonly token?: string | null; readonly headers?: Record<string, string> } = {},
  ) {
    const token = more.token === undefined ? this.admin : more.token;
    const options: InjectOptions = {
      method,
      url: url.startsWith("/api") || url.startsWith("//") ? url : `/api/v1${url}`,
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...more.headers },
      ...(body !== undefined && { payload: body as object }),
    };
    const response = await this.app.inject({ ...options, url: String(options.url).replace(/^\/\//, "/") });
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.payload,
      bytes: response.rawPayload,
      // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
      json: (): any => JSON.parse(response.payload),
    };
  }

  addProject(change: Partial<ProjectRecord> = {}): Promise<ProjectRecord> {
    this.#lastProject += 1;
    const now = systemClock.now();
    return this.deps.store.projects.createProject({
      id: newId(now),
      name: `acme/app${this.#lastProject}`,
      repositoryUrl: "https://git.example.com/acme/app",
      defaultBranch: "main",
      settings: {},
      createdAt: now,
      updatedAt: now,
      ...change,
    });
  }

  async startBuild(projectId: string): Promise<BuildRecord> {
    const started = await this.call("POST", `/projects/${projectId}/pipelines`, { pipeline: "CI" });
    if (started.status !== 201) throw new Error(started.text);
    return this.deps.store.builds.get(started.json().id);
  }

  /** Takes a build as a worker would. */
  async claim(build: BuildRecord): Promise<TestRun> {
    const { builds } = this.deps.store;
    const claimed = await builds.claim({
      owner: "test",
      leaseMs: 60_000,
      prefer: build.id,
      maxBuilds: 100,
      maxBuildsPerProject: 100,
    });
    if (claimed?.build.id !== build.id) throw new Error("another build was claimed");
    return new TestRun(this, claimed.lease, claimed.build);
  }
}

/** A build as its worker changes it. */
export class TestRun {
  readonly build: BuildRecord;
  readonly #api: TestApi;
  readonly #lease: BuildLease;
  #position = 0;
  #seq = 0;

  constructor(api: TestApi, lease: BuildLease, build: BuildRecord) {
    this.#api = api;
    this.#lease = lease;
    this.build = build;
  }

  /** Writes changes and tells the bus. */
  async advance(...changes: BuildChange[]): Promise<void> {
    const { store, events } = this.#api.deps;
    const version = await store.builds.advance(this.#lease, changes);
    const { id, projectId, status } = await store.builds.get(this.build.id);
    events.publish({ type: "build.changed", buildId: id, projectId, version, status, changes: [] });
  }

  /** A job that runs, with one step that runs. */
  async addJob(key = "test", change: Partial<NewJob> = {}): Promise<{ jobId: string; stepId: string }> {
    const at = systemClock.now();
    const jobId = newId(at);
    const stepId = newId(at);
    const buildId = this.build.id;
    this.#position += 1;
    const job: NewJob = {
      id: jobId,
      buildId,
      key,
      jobId: key,
      name: key,
      kind: "job",
      needs: [],
      position: this.#position,
      attempt: 1,
      createdAt: at,
      ...change,
    };
    await this.advance(
      { kind: "job-added", job },
      { kind: "job-changed", job: jobId, to: "queued", at },
      { kind: "job-changed", job: jobId, to: "running", at },
      {
        kind: "step-added",
        step: {
          id: stepId,
          buildId,
          jobId,
          number: 1,
          name: "say hello",
          stage: "main",
          type: "run",
          background: false,
        },
      },
      { kind: "step-changed", step: stepId, to: "running", at },
    );
    return { jobId, stepId };
  }

  async print(stepId: string, text: string | Uint8Array): Promise<void> {
    this.#seq += 1;
    const ref = { type: "step" as const, id: stepId, buildId: this.build.id };
    await this.#api.deps.sink.append(ref, { seq: this.#seq, at: systemClock.now(), data: Buffer.from(text) });
    await this.#api.deps.sink.flush([ref]);
  }

  async endStep(stepId: string): Promise<void> {
    const ref = { type: "step" as const, id: stepId, buildId: this.build.id };
    await this.#api.deps.sink.flush([ref]);
    const at = systemClock.now();
    await this.advance({ kind: "step-changed", step: stepId, to: "succeeded", at, conclusion: "success" });
    await this.#api.deps.sink.end(ref);
  }

  async endBuild(to: "succeeded" | "failed" = "succeeded"): Promise<void> {
    await this.advance({ kind: "build-moved", to, at: systemClock.now() });
  }
}

async function realParts() {
  const folder = mkdtempSync(join(tmpdir(), "slipway-api-"));
  const base = { clock: systemClock, logger: silentLogger, metrics: noMetrics };
  const store = await openStore({ kind: "sqlite", file: ":memory:" }, base);
  const events = new MemoryEventBus(base);
  const queue = new MemoryQueue(base);
  const blobs = new FolderBlobStore({ root: join(folder, "blobs") });
  const sink = new RowLogSink({ ...base, store, blobs, events });
  const executor = createExecutorService({ ...base, store, queue, events, logs: sink });
  const repositories = fakeRepositories();
  const vault = new SecretVault({
    projects: store.projects,
    masterKeys: [MasterKey.random()],
    clock: systemClock,
  });
  const tokens = new ApiTokens(store.access, systemClock);
  const blobUrls = new SignedBlobUrls({ secret: new Uint8Array(32).fill(3), clock: systemClock });
  return {
    ...base,
    logger: silentLogger as Logger,
    folder,
    store,
    events,
    queue,
    blobs,
    sink,
    logs: sink,
    executor,
    repositories,
    pipelines: createPipelineService({
      ...base,
      store,
      repositories,
      executor,
      serverUrl: "http://ci.example.com",
    }),
    vault,
    tokens,
    authenticator: new Authenticator({ ...base, access: store.access }),
    logins: new Logins({ access: store.access, tokens, clock: systemClock }),
    blobUrls,
    webhooks: {
      checkUrl: (url: string) => void checkWebhookUrl(url, { allowPrivate: false }),
      sealKey: (id: string, key: string) => vault.seal(key, id),
      redeliver: (id: string) => store.webhooks.redeliver(id, systemClock.now()),
      async ping(webhook: { readonly projectId: string; readonly id: string }) {
        const at = systemClock.now() + 1;
        const event = { eventId: newId(at), name: "ping", payload: {}, at };
        const all = await store.webhooks.addDeliveries(webhook.projectId, event);
        const one = all.find(({ webhookId }) => webhookId === webhook.id);
        if (one === undefined) throw new ExecError("Conflict", "the webhook is not enabled");
        return one;
      },
    },
    mounts: [new SignedBlobHandler({ urls: blobUrls, blobs, logger: silentLogger })] as readonly Mount[],
    readiness: [{ name: "records", check: () => store.ping() }],
    metricsPage: {
      public: false,
      read: async () => ({ contentType: "text/plain; version=0.0.4", body: "slipway_builds 1\n" }),
    },
  };
}

function fakeRepositories(): Repositories {
  return {
    async resolve(_project, ref) {
      if (!/^(HEAD|(refs\/heads\/)?main)$/.test(ref))
        throw new ExecError("NotFound", `There is no branch ${ref}.`);
      const commit = {
        message: "First",
        authorName: "A",
        authorEmail: "a@b.c",
        committerName: "A",
        committerEmail: "a@b.c",
        tree: SHA,
        parents: [],
        committedAt: "2026-01-01T00:00:00Z",
      };
      return { ref: "refs/heads/main", sha: SHA, commit };
    },
    readFile: async (_project, _sha, path) => (path === ".workflows/ci.yml" ? CI : undefined),
    pipelineFiles: async () => [".workflows/ci.yml"],
    async defaultBranch({ repositoryUrl }) {
      if (repositoryUrl.includes("nothing")) throw new ExecError("Permanent", "That is no repository.");
      return "main";
    },
    mirrorPath: async () => "/nowhere",
    remove: async () => {},
  };
}
