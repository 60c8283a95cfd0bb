import { type Clock, systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { EventBus } from "../../events/event-bus.ts";
import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import type { PlatformEvent } from "../../events/platform-event.ts";
import type { Executor } from "../../executors/executor.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import { RowLogSink } from "../../logs/row-log-sink.ts";
import { newId } from "../../new-id.ts";
import type { BuildRecord, BuildSnapshot } from "../../store/build-record.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import type { JobRecord, StepRecord } from "../../store/job-record.ts";
import { openStore } from "../../store/open-store.ts";
import type { ProjectSettings } from "../../store/project-record.ts";
import type { Store } from "../../store/store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { noMetrics } from "../../telemetry/metrics.ts";
import { noTracer } from "../../telemetry/tracer.ts";
import type { JobEnvironment, PlacedJob } from "../build-options.ts";
import type { ClaimedRun } from "./claimed-run.ts";
import { MemoryBlobs } from "./memory-blobs.fixture.ts";
import { parseSound } from "./prepare-build.ts";
import type { RunParts } from "./run-parts.ts";
import { startClaimedBuild } from "./start-claimed-build.ts";

export interface NewTestBuild extends Partial<Omit<BuildSnapshot, "buildId">> {
  readonly event?: string;
  readonly rerunOf?: string;
}

export type PartsOf = Partial<RunParts> & {
  readonly executor?: Executor;
  readonly secrets?: { readonly [name: string]: string };
  readonly workflows?: { readonly [uses: string]: string };
};

/** Real records and logs in memory, for builds on a fake executor. */
export class TestServer {
  readonly store: Store;
  readonly events: EventBus = new MemoryEventBus({ logger: silentLogger });
  readonly told: PlatformEvent[] = [];
  readonly blobs = new MemoryBlobs();
  readonly logs: RowLogSink;
  readonly executor = new FakeExecutor({ now: () => Date.now() });
  readonly #runs: ClaimedRun[] = [];

  private constructor(store: Store) {
    this.store = store;
    this.logs = this.logSink(store, systemClock);
  }

  static async open(settings: ProjectSettings = {}): Promise<TestServer> {
    const deps = { clock: systemClock, logger: silentLogger };
    const store = await openStore({ kind: "sqlite", file: ":memory:" }, deps);
    const server = new TestServer(store);
    const at = Date.now();
    const times = { createdAt: at, updatedAt: at };
    await store.projects.createProject({
      id: "p",
      name: "p",
      repositoryUrl: "/r",
      defaultBranch: "main",
      settings,
      ...times,
    });
    await store.projects.createPipeline({
      id: "pipe",
      projectId: "p",
      name: "ci",
      path: "ci.yml",
      enabled: true,
      ...times,
    });
    await server.events.subscribe({}, (event) => server.told.push(event));
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#runs.map((run) => run.abandon()));
    await this.logs.close();
    await this.store.close();
  }

  logSink(store: Store, clock: Clock): RowLogSink {
    const { blobs, events } = this;
    return new RowLogSink({ store, blobs, events, clock, logger: silentLogger, metrics: noMetrics });
  }

  async create(content: string, build: NewTestBuild = {}): Promise<BuildRecord> {
    const { event = "push", rerunOf, ...snapshot } = build;
    const id = newId(Date.now());
    const record = {
      id,
      projectId: "p",
      pipelineId: "pipe",
      trigger: "api",
      event,
      ref: "refs/heads/main",
      sha: "a".repeat(40),
      workflow: "ci.yml",
      title: "ci.yml",
      actor: "me",
      createdAt: Date.now(),
      ...(rerunOf === undefined ? {} : { rerunOf }),
    } as const;
    await this.store.builds.create(record, {
      file: "ci.yml",
      content,
      github: { event_name: event, ref: "refs/heads/main", repository: "o/r", event: {} },
      inputs: {},
      vars: {},
      ...snapshot,
    });
    return await this.store.builds.markQueued(id, Date.now());
  }

  async claim(prefer: string, owner = "w1"): Promise<ClaimedBuild> {
    const many = { maxBuilds: 1_000, maxBuildsPerProject: 1_000 };
    const claim = await this.store.builds.claim({ owner, leaseMs: 60_000, prefer, ...many });
    if (claim === undefined) throw new Error("there is nothing to claim");
    return claim;
  }

  /** What `startClaimedBuild` is given, of this process unless another is named. */
  parts(options: PartsOf = {}): RunParts {
    const { executor = this.executor, secrets = {}, workflows = {}, ...given } = options;
    return {
      store: this.store,
      logs: this.logs,
      events: this.events,
      clock: systemClock,
      logger: silentLogger,
      metrics: noMetrics,
      tracer: noTracer,
      chooseExecutor: () => executor,
      jobEnvironment: async (_build, job) => testEnvironment(job),
      services: undefined,
      secretsOf: async () => secrets,
      loadWorkflow: () => async (uses) => {
        const content = workflows[uses];
        if (content === undefined) throw new ExecError("NotFound", `There is no ${uses}`);
        return { ...parseSound({ path: uses, content }, "The workflow"), content, origin: { file: uses } };
      },
      limits: { maxJobs: 100, maxJobsPerProject: 100, maxBuildMinutes: 60 },
      infrastructureRetry: { limit: 2, delayMs: () => 0 },
      ...given,
    };
  }

  async start(content: string, options: PartsOf & { readonly build?: NewTestBuild } = {}) {
    const { build: about, ...parts } = options;
    const { id } = await this.create(content, about);
    const run = this.follow(startClaimedBuild(await this.claim(id), this.parts(parts)));
    return { id, run };
  }

  /** Runs a build to its end. */
  async run(
    content: string,
    options: PartsOf & { readonly build?: NewTestBuild } = {},
  ): Promise<BuildResult> {
    const { id, run } = await this.start(content, options);
    const ended = await run.ended;
    if (ended !== "finished") throw new Error(`the run was ${ended}`);
    return await this.result(id);
  }

  follow(run: ClaimedRun): ClaimedRun {
    this.#runs.push(run);
    return run;
  }

  async result(id: string): Promise<BuildResult> {
    const { builds } = this.store;
    const [build, jobs, steps] = [await builds.get(id), await builds.jobs(id), await builds.steps(id)];
    const latest = jobs.filter((job) => job.latest);
    return {
      build,
      jobs,
      steps,
      status: build.status,
      states: Object.fromEntries(latest.map(({ key, status }) => [key, status])),
      job: (key) => {
        const found = latest.find((job) => job.key === key);
        if (found === undefined) throw new Error(`there is no job ${key}`);
        return found;
      },
    };
  }

  /** Once the records say so. */
  async until<T>(look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
    for (const end = Date.now() + 10_000; Date.now() < end; ) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    throw new Error("it never came");
  }

  untilJob(id: string, key: string, status: string): Promise<JobRecord> {
    return this.until(async () => {
      const jobs = await this.store.builds.jobs(id);
      return jobs.find((job) => job.latest && job.key === key && job.status === status);
    });
  }

  async log(stepId: string): Promise<string> {
    const pieces: Uint8Array[] = [];
    const signal = new AbortController().signal;
    for await (const { data } of this.logs.stream({ type: "step", id: stepId }, { follow: false, signal })) {
      pieces.push(data);
    }
    return Buffer.concat(pieces).toString();
  }

  /** The log of a step of a job, by its number. */
  async logOf(job: JobRecord, number: number): Promise<string> {
    const steps = await this.store.builds.stepsOfJob(job.id);
    const step = steps.find((each) => each.number === number);
    return step === undefined ? "" : await this.log(step.id);
  }
}

export interface BuildResult {
  readonly build: BuildRecord;
  readonly jobs: readonly JobRecord[];
  readonly steps: readonly StepRecord[];
  readonly status: BuildRecord["status"];
  /** By key, of the newest attempts. */
  readonly states: { readonly [key: string]: string };
  job(key: string): JobRecord;
}

export function testEnvironment({ jobKey }: PlacedJob): JobEnvironment {
  return {
    baseEnv: {},
    directories: { workspace: `/w/${jobKey}`, temp: "/t", toolCache: "/tc", actionCache: "/ac" },
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
  };
}
