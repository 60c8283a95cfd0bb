import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import { FakeClock } from "../../fake-clock.ts";
import { MemoryQueue } from "../../queue/memory-queue.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import type { BuildRecord, BuildStatus } from "../../store/build-record.ts";
import type { BuildStore, ClaimedBuild } from "../../store/build-store.ts";
import { openStore } from "../../store/open-store.ts";
import type { ProjectSettings } from "../../store/project-record.ts";
import type { Store } from "../../store/store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { noMetrics } from "../../telemetry/metrics.ts";
import type { ClaimedRun } from "../orchestrator/claimed-run.ts";
import { Worker } from "./worker.ts";
import type { WorkerOptions } from "./worker-options.ts";

/** One claim of a build, as the test sees and ends it. */
export interface ScriptedRun {
  readonly claim: ClaimedBuild;
  readonly worker: string;
  /** Reasons of cancels, in the order they came. */
  readonly cancels: string[];
  state: "running" | "finished" | "abandoned";
  /** Has the worker hear that it only waits, or does so no more. */
  idle: (idle: boolean) => void;
  /** Writes the end into the records, as a build does that ran, and ends. */
  finish(to?: BuildStatus): Promise<void>;
}

export interface TestWorker {
  readonly worker: Worker;
  /** Goes as by kill -9: nothing of it is ever heard again. */
  kill(): Promise<void>;
}

/** A server in memory: real records, queue and events, a clock that stands, and builds that end when the test says so. */
export class Platform {
  readonly clock = new FakeClock();
  readonly events = new MemoryEventBus({ logger: silentLogger });
  readonly queue: MemoryQueue;
  readonly runs: ScriptedRun[] = [];
  readonly store: Store;
  readonly #workers: TestWorker[] = [];
  #builds = 0;

  private constructor(store: Store, clock: FakeClock) {
    this.store = store;
    this.clock = clock;
    this.queue = new MemoryQueue({ clock, logger: silentLogger });
  }

  static async open(): Promise<Platform> {
    const clock = new FakeClock();
    clock.advance(1_000_000);
    const store = await openStore({ kind: "sqlite", file: ":memory:" }, { clock, logger: silentLogger });
    return new Platform(store, clock);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.drain(0)));
    await this.queue.close();
    await this.store.close();
  }

  async project(id: string, settings: ProjectSettings = {}): Promise<void> {
    const at = this.clock.now();
    const repositoryUrl = `/repositories/${id}`;
    const project = {
      id,
      name: id,
      repositoryUrl,
      defaultBranch: "main",
      settings,
      createdAt: at,
      updatedAt: at,
    };
    await this.store.projects.createProject(project);
    const pipeline = { id: `${id}-ci`, projectId: id, name: "ci", path: "ci.yml", enabled: true };
    await this.store.projects.createPipeline({ ...pipeline, createdAt: at, updatedAt: at });
  }

  /** Into the records only. */
  async record(projectId: string, id = `${projectId}-${++this.#builds}`): Promise<BuildRecord> {
    const build = {
      id,
      projectId,
      pipelineId: `${projectId}-ci`,
      ref: "refs/heads/main",
      sha: "a".repeat(40),
    };
    const who = { trigger: "api", event: "push", workflow: "ci", title: "ci", actor: "me" } as const;
    const snapshot = { file: "ci.yml", content: "jobs: {}", github: {}, inputs: {}, vars: {} };
    return await this.store.builds.create({ ...build, ...who, createdAt: this.clock.now() }, snapshot);
  }

  async publish(...builds: readonly Pick<BuildRecord, "id" | "projectId">[]): Promise<void> {
    for (const { id, projectId } of builds) await this.queue.publishBuild({ buildId: id, projectId });
  }

  async submit(projectId: string, id?: string): Promise<BuildRecord> {
    const build = await this.record(projectId, id);
    await this.publish(build);
    return await this.store.builds.markQueued(build.id, this.clock.now());
  }

  async start(owner: string, options: Partial<WorkerOptions> = {}): Promise<TestWorker> {
    const { queue, killed, kill } = mortal(options.queue ?? this.queue);
    const clock = {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      after: (delayMs: number, callback: () => void) =>
        this.clock.after(delayMs, () => {
          if (!killed()) callback();
        }),
    };
    const worker = new Worker({
      owner,
      store: this.store,
      events: this.events,
      startBuild: (claim) => this.#run(claim, owner),
      maxBuilds: 4,
      limits: { maxBuilds: 1_000, maxBuildsPerProject: 1_000 },
      clock,
      logger: silentLogger,
      metrics: noMetrics,
      ...options,
      queue,
    });
    await worker.start();
    const made = { worker, kill };
    this.#workers.push(made);
    return made;
  }

  /** Moves the clock on in small steps, with time for what each of them sets off. */
  async pass(ms: number, stepMs = 500): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await settled();
    }
  }

  /** The runs of a build, in the order of their claims. */
  of(buildId: string): readonly ScriptedRun[] {
    return this.runs.filter(({ claim }) => claim.build.id === buildId);
  }

  get running(): readonly ScriptedRun[] {
    return this.runs.filter(({ state }) => state === "running");
  }

  async status(buildId: string): Promise<BuildStatus> {
    return (await this.store.builds.get(buildId)).status;
  }

  #run(claim: ClaimedBuild, worker: string): ClaimedRun {
    const ended = Promise.withResolvers<"finished" | "abandoned">();
    const { store, clock } = this;
    const run: ScriptedRun = {
      claim,
      worker,
      cancels: [],
      idle: () => {},
      state: "running",
      async finish(to = "succeeded") {
        await store.builds.advance(claim.lease, [{ kind: "build-moved", to, at: clock.now() }]);
        run.state = "finished";
        ended.resolve("finished");
      },
    };
    this.runs.push(run);
    return {
      ended: ended.promise,
      onIdle: (listener) => {
        run.idle = listener;
      },
      cancel: (reason) => run.cancels.push(reason),
      abandon: async () => {
        if (run.state === "running") run.state = "abandoned";
        ended.resolve("abandoned");
      },
    };
  }
}

/** A queue whose consumers go without a word. */
function mortal(queue: QueueClient): {
  queue: QueueClient;
  killed: () => boolean;
  kill: () => Promise<void>;
} {
  const stops: (() => Promise<void>)[] = [];
  let killed = false;
  const wrapped: QueueClient = {
    name: queue.name,
    publishBuild: (message) => queue.publishBuild(message),
    consumeBuilds: async (options, handler) => {
      const consumer = await queue.consumeBuilds(options, handler);
      stops.push(() => consumer.stop());
      return consumer;
    },
    stats: () => queue.stats(),
    deadLetters: (limit) => queue.deadLetters(limit),
    requeue: (buildId) => queue.requeue(buildId),
    ping: () => queue.ping(),
    close: () => queue.close(),
  };
  const kill = async () => {
    killed = true;
    await Promise.all(stops.map((stop) => stop()));
  };
  return { queue: wrapped, killed: () => killed, kill };
}

/** Records that fail while `away` says so. */
export function unreliable(builds: BuildStore, away: () => Error | undefined): BuildStore {
  return new Proxy(builds, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return async (...args: unknown[]) => {
        const error = away();
        if (error !== undefined) throw error;
        return await Reflect.apply(method, target, args);
      };
    },
  });
}

/** Lets everything go on until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await isSo()); turn += 1) {
    if (turn === 5_000) throw new Error(`It never came to be: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets everything go on that can without the clock. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
