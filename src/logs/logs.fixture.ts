import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderBlobStore } from "../blobs/folder-blob-store.ts";
import type { Clock } from "../clock.ts";
import { MemoryEventBus } from "../events/memory-event-bus.ts";
import { newId } from "../new-id.ts";
import type { BuildLease } from "../store/build-record.ts";
import { openStore, type StoreOptions } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import { noMetrics } from "../telemetry/metrics.ts";
import type { BuildLogRef, LogSink, StreamOptions } from "./log-sink.ts";
import { RowLogSink, type RowLogSinkOptions } from "./row-log-sink.ts";

const HEAD = {
  event: "push",
  ref: "refs/heads/main",
  sha: "0".repeat(40),
  workflow: "ci",
  title: "ci",
  actor: "a",
};

/** A running build whose steps have logs, in records and a folder of their own. */
export class LogsFixture {
  readonly store: Store;
  readonly blobs: FolderBlobStore;
  readonly events = new MemoryEventBus({ logger: silentLogger });
  readonly clock: Clock;
  readonly #folder: string;
  readonly #sinks: RowLogSink[] = [];
  readonly buildId: string;
  readonly jobId: string;
  readonly lease: BuildLease;
  #steps = 0;

  private constructor(parts: {
    readonly store: Store;
    readonly clock: Clock;
    readonly folder: string;
    readonly jobId: string;
    readonly lease: BuildLease;
  }) {
    this.store = parts.store;
    this.clock = parts.clock;
    this.#folder = parts.folder;
    this.jobId = parts.jobId;
    this.lease = parts.lease;
    this.buildId = parts.lease.buildId;
    this.blobs = new FolderBlobStore({ root: join(parts.folder, "blobs") });
  }

  static async open(
    clock: Clock,
    options: StoreOptions = { kind: "sqlite", file: ":memory:" },
  ): Promise<LogsFixture> {
    const folder = await mkdtemp(join(tmpdir(), "slipway-logs-"));
    const store = await openStore(options, { clock, logger: silentLogger });
    const at = clock.now();
    const [projectId, pipelineId, buildId, jobId] = [newId(at), newId(at), newId(at), newId(at)];
    const times = { createdAt: at, updatedAt: at };
    await store.projects.createProject({
      id: projectId,
      name: `p${projectId.slice(-6)}`,
      repositoryUrl: "/repository",
      defaultBranch: "main",
      settings: {},
      ...times,
    });
    await store.projects.createPipeline({
      id: pipelineId,
      projectId,
      name: "ci",
      path: "ci.yml",
      enabled: true,
      ...times,
    });
    await store.builds.create(
      { id: buildId, projectId, pipelineId, trigger: "api", ...HEAD, createdAt: at },
      { file: "ci.yml", content: "", github: {}, inputs: {}, vars: {} },
    );
    const claim = { owner: "w", leaseMs: 600_000, prefer: buildId, maxBuilds: 10, maxBuildsPerProject: 10 };
    const claimed = await store.builds.claim(claim);
    if (claimed === undefined) throw new Error("the build could not be claimed");
    const job = {
      id: jobId,
      buildId,
      key: "job",
      jobId: "job",
      name: "job",
      kind: "job",
      needs: [],
    } as const;
    await store.builds.advance(claimed.lease, [
      { kind: "job-added", job: { ...job, position: 1, attempt: 1, createdAt: at } },
      { kind: "job-changed", job: jobId, to: "running", at },
    ]);
    return new LogsFixture({ store, clock, folder, jobId, lease: claimed.lease });
  }

  async step(name = "step", state: "running" | "skipped" = "running"): Promise<BuildLogRef> {
    const id = newId(this.clock.now());
    const { buildId, jobId } = this;
    const step = {
      id,
      buildId,
      jobId,
      number: ++this.#steps,
      name,
      stage: "main",
      type: "run",
      background: false,
    } as const;
    await this.store.builds.advance(this.lease, [
      { kind: "step-added", step },
      { kind: "step-changed", step: id, to: state, at: this.clock.now() },
    ]);
    return { type: "step", id, buildId };
  }

  async endStep(ref: BuildLogRef): Promise<void> {
    await this.store.builds.advance(this.lease, [
      { kind: "step-changed", step: ref.id, to: "succeeded", at: this.clock.now() },
    ]);
  }

  /** One more on the same records and blobs, as another process would have it, or with parts that fail. */
  sink(change: Partial<RowLogSinkOptions> = {}): RowLogSink {
    const { store, blobs, events, clock } = this;
    const sink = new RowLogSink({
      store,
      blobs,
      events,
      clock,
      logger: silentLogger,
      metrics: noMetrics,
      maxDelayMs: 2,
      closeLimitMs: 200,
      ...change,
    });
    this.#sinks.push(sink);
    return sink;
  }

  async dispose(): Promise<void> {
    await Promise.allSettled(this.#sinks.map((sink) => sink.close()));
    await this.store.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export async function readAll(
  sink: LogSink,
  ref: BuildLogRef,
  options: Partial<StreamOptions> = {},
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const signal = new AbortController().signal;
  let next = options.offset ?? 0;
  for await (const piece of sink.stream(ref, { follow: false, signal, ...options })) {
    if (piece.offset !== next)
      throw new Error(`a piece begins at ${piece.offset}, the one before ended at ${next}`);
    next += piece.data.length;
    chunks.push(piece.data);
  }
  return Buffer.concat(chunks);
}

/** The object with some of its methods replaced; the others stay its own. */
export function override<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(object, name) {
      const own = Reflect.get(replaced, name);
      if (own !== undefined) return own;
      const value = Reflect.get(object, name);
      return typeof value === "function" ? value.bind(object) : value;
    },
  });
}
