// The platform in this process, put together as `slipway serve` does it, but for two parts that would measure something
// else: repositories (git's processes) and the executor (the commands of jobs), both made up.
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApi } from "../src/api/rest/create-api.ts";
import { createPlatformServices } from "../src/artifacts/platform-services.ts";
import { FolderBlobStore } from "../src/blobs/folder-blob-store.ts";
import { SignedBlobUrls } from "../src/blobs/signed-blob-urls.ts";
import type { RunParts } from "../src/builds/orchestrator/run-parts.ts";
import { startClaimedBuild } from "../src/builds/orchestrator/start-claimed-build.ts";
import { createExecutorService } from "../src/builds/service/create-executor-service.ts";
import { Sweeper } from "../src/builds/worker/sweeper.ts";
import { Worker } from "../src/builds/worker/worker.ts";
import { systemClock } from "../src/clock.ts";
import type { EventBus } from "../src/events/event-bus.ts";
import { MemoryEventBus } from "../src/events/memory-event-bus.ts";
import { RabbitEventBus } from "../src/events/rabbit-event-bus.ts";
import type { Executor } from "../src/executors/executor.ts";
import { FakeExecutor } from "../src/executors/fake/fake-executor.ts";
import { ApiTokens } from "../src/identity/api-tokens.ts";
import { Authenticator } from "../src/identity/authenticator.ts";
import { Logins } from "../src/identity/logins.ts";
import { MasterKey } from "../src/identity/master-key.ts";
import { SecretVault } from "../src/identity/secret-vault.ts";
import { StoredJobTokens } from "../src/identity/stored-job-tokens.ts";
import { RowLogSink } from "../src/logs/row-log-sink.ts";
import { newId } from "../src/new-id.ts";
import { createPipelineService } from "../src/pipelines/create-pipeline-service.ts";
import { MemoryQueue } from "../src/queue/memory-queue.ts";
import type { QueueClient } from "../src/queue/queue-client.ts";
import { RabbitQueue } from "../src/queue/rabbit-queue.ts";
import { DEFAULT_RETRY_POLICY } from "../src/queue/retry-policy.ts";
import type { Repositories } from "../src/repositories/repositories.ts";
import { openStore, type StoreOptions } from "../src/store/open-store.ts";
import type { Store } from "../src/store/store.ts";
import { silentLogger } from "../src/telemetry/logger.ts";
import { PromMetrics } from "../src/telemetry/prom-metrics.ts";
import { noTracer } from "../src/telemetry/tracer.ts";
import { Webhooks } from "../src/webhooks/webhooks.ts";

/** One job with one step that says nothing. */
const TRIVIAL = `name: CI
on: workflow_dispatch
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: exit 0
`;
/** One job with five steps that print a line each. */
export const STEPS = `${TRIVIAL.trimEnd()}
${[1, 2, 3, 4].map((number) => `      - run: line ${number}\n`).join("")}`.replace("exit 0", "line 0");
const SHA = "a".repeat(40);
const PIPELINE_FILE = ".workflows/ci.yml";

export interface PlatformOptions {
  /** Absent: SQLite in a folder of its own. */
  readonly records?: StoreOptions;
  /** Absent: queue and events in memory. */
  readonly rabbitUrl?: string;
  readonly pipeline?: string;
  /** Absent: the fake one, which does what the pipeline's lines say. */
  readonly executor?: Executor;
}

export interface BenchPlatform {
  readonly store: Store;
  readonly events: EventBus;
  readonly queue: QueueClient;
  readonly logs: RowLogSink;
  /** When each build was handed to the queue, until it is asked for. */
  readonly publishedAt: Map<string, number>;
  /** Milliseconds from the end of each step to its state in the records. */
  readonly stepsRecorded: number[];
  /** Where the API listens. */
  readonly port: number;
  readonly token: string;
  readonly projectId: string;
  readonly pipelineId: string;
  /** Where the records are. */
  readonly records: StoreOptions;
  close(): Promise<void>;
}

/** As the configuration has them where nothing is configured. */
const MAX_BUILDS = 16;
const POOL_SIZE = 10;

export async function openPlatform(options: PlatformOptions = {}): Promise<BenchPlatform> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const clock = systemClock;
  const logger = silentLogger;
  const stepsRecorded: number[] = [];
  const metrics = new (class extends PromMetrics {
    override observe(...[name, value, labels]: Parameters<PromMetrics["observe"]>): void {
      if (name === "slipway_step_recorded_seconds") stepsRecorded.push(value * 1000);
      super.observe(name, value, labels);
    }
  })();
  const base = { clock, logger, metrics };
  const records = options.records ?? ({ kind: "sqlite", file: join(folder, "records.db") } as const);
  const store = await openStore(
    records.kind === "postgres" ? { poolSize: POOL_SIZE, ...records } : records,
    base,
  );
  const instanceId = newId(clock.now());
  // A broker may have several of these.
  const prefix = `bench-${instanceId}`;
  const url = options.rabbitUrl;
  const events: EventBus =
    url === undefined
      ? new MemoryEventBus(base)
      : await RabbitEventBus.open({ url, prefix, instanceId, ...base });
  const queue: QueueClient =
    url === undefined
      ? new MemoryQueue(base)
      : await RabbitQueue.open({ url, prefix, retry: DEFAULT_RETRY_POLICY, ...base });
  const blobs = new FolderBlobStore({ root: join(folder, "blobs") });
  const logs = new RowLogSink({ ...base, store, blobs, events });
  const masterKey = MasterKey.random();
  const vault = new SecretVault({ projects: store.projects, masterKeys: [masterKey], clock });
  const publicUrl = "http://127.0.0.1";
  const services = createPlatformServices({
    ...base,
    store,
    blobs,
    tokens: new StoredJobTokens({ builds: store.builds, masterKeys: [masterKey], clock }),
    vault,
    masterKey,
    publicUrl,
    artifactRetentionDays: 90,
    cacheQuotaBytes: 1e9,
  });
  const webhooks = new Webhooks({
    ...base,
    store,
    events,
    vault,
    random: Math.random,
    publicUrl,
    allowPrivate: false,
  });
  const publishedAt = new Map<string, number>();
  const service = createExecutorService({ ...base, store, queue: noting(queue, publishedAt), events, logs });
  const sweeper = new Sweeper({ ...base, store, queue, events });
  sweeper.start();
  await webhooks.start();
  const repositories = madeUp(options.pipeline ?? TRIVIAL);
  const tokens = new ApiTokens(store.access, clock);
  const app = await createApi({
    ...base,
    store,
    executor: service,
    pipelines: createPipelineService({
      ...base,
      store,
      repositories,
      executor: service,
      serverUrl: publicUrl,
    }),
    repositories,
    authenticator: new Authenticator({ ...base, access: store.access }),
    tokens,
    logins: new Logins({ access: store.access, tokens, clock }),
    vault,
    queue,
    events,
    logs,
    blobs,
    blobUrls: new SignedBlobUrls({ secret: new Uint8Array(32).fill(3), clock }),
    webhooks,
    mounts: [],
    readiness: [],
    metricsPage: { public: false, read: async () => ({ contentType: "text/plain", body: "" }) },
    settings: { version: "1.0.0", publicUrl },
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const executor = options.executor ?? new FakeExecutor({ now: Date.now });
  const parts: RunParts = {
    ...base,
    store,
    logs,
    events,
    tracer: noTracer,
    chooseExecutor: () => executor,
    jobEnvironment: async ({ id }, { jobKey }) => ({
      baseEnv: {},
      directories: { workspace: `/w/${id}/${jobKey}`, temp: "/t", toolCache: "/tc", actionCache: "/ac" },
      runner: { name: "fake", os: "Linux", arch: "X64", environment: "self-hosted", nodePath: "node" },
      actions: { url: "https://example.org", local: {}, offline: true },
      checkout: {
        builtin: true,
        repository: "o/r",
        serverUrl: "https://example.org",
        source: { kind: "worktree", path: "/repo" },
        bound: false,
      },
      debug: false,
    }),
    services,
    secretsOf: (projectId, environment) => vault.reveal(projectId, environment),
    loadWorkflow: () => async () => {
      throw new Error("no workflow is called here");
    },
    limits: { maxJobs: 10_000, maxJobsPerProject: 1_000, maxBuildMinutes: 360 },
    infrastructureRetry: { limit: 2, delayMs: () => 1_000 },
  };
  const worker = new Worker({
    ...base,
    owner: `bench:${instanceId}`,
    store,
    queue,
    events,
    startBuild: (claim) => startClaimedBuild(claim, parts),
    maxBuilds: MAX_BUILDS,
    limits: { maxBuilds: 1_000, maxBuildsPerProject: 100 },
    leaseMs: 30_000,
  });
  await worker.start();
  const { projectId, pipelineId } = await project(store);
  const { token } = await tokens.create({ name: "bench", permissions: ["admin"] });
  return {
    store,
    events,
    queue,
    logs,
    publishedAt,
    stepsRecorded,
    port: (app.server.address() as AddressInfo).port,
    token,
    projectId,
    pipelineId,
    records,
    async close() {
      await worker.drain(5_000);
      await app.close();
      await webhooks.stop();
      await sweeper.stop();
      await logs.close();
      await queue.close();
      await events.close();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const PROJECT = "bench/app";

/** The only project of these records, made where there is none. */
async function project(store: Store): Promise<{ readonly projectId: string; readonly pipelineId: string }> {
  const [known] = (await store.projects.listProjects({ limit: 1 })).items;
  if (known !== undefined) {
    return { projectId: known.id, pipelineId: (await store.projects.findPipeline(known.id, "CI")).id };
  }
  const at = Date.now();
  const times = { createdAt: at, updatedAt: at };
  const { id: projectId } = await store.projects.createProject({
    id: newId(at),
    name: PROJECT,
    repositoryUrl: `https://git.example.com/${PROJECT}`,
    defaultBranch: "main",
    settings: {},
    ...times,
  });
  const { id: pipelineId } = await store.projects.createPipeline({
    id: newId(at),
    projectId,
    name: "CI",
    path: PIPELINE_FILE,
    enabled: true,
    ...times,
  });
  return { projectId, pipelineId };
}

function noting(queue: QueueClient, publishedAt: Map<string, number>): QueueClient {
  return {
    name: queue.name,
    publishBuild: (message) => {
      publishedAt.set(message.buildId, performance.now());
      return queue.publishBuild(message);
    },
    consumeBuilds: (options, handler) => queue.consumeBuilds(options, handler),
    stats: () => queue.stats(),
    deadLetters: (limit) => queue.deadLetters(limit),
    requeue: (buildId) => queue.requeue(buildId),
    ping: () => queue.ping(),
    close: () => queue.close(),
  };
}

function madeUp(content: string): Repositories {
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
  return {
    resolve: async () => ({ ref: "refs/heads/main", sha: SHA, commit }),
    readFile: async (_project, _sha, path) => (path === PIPELINE_FILE ? content : undefined),
    pipelineFiles: async () => [PIPELINE_FILE],
    defaultBranch: async () => "main",
    mirrorPath: async () => "/nowhere",
    remove: async () => {},
  };
}
