import type { PlatformEvent } from "../../events/platform-event.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { Platform } from "../worker/worker.fixture.ts";
import { createExecutorService } from "./create-executor-service.ts";
import type { CreateBuildRequest, ExecutorService } from "./executor-service.ts";
import type { ExecutorServiceParts } from "./executor-service-parts.ts";

/** A service in memory, with the projects `one` and `two`, and what a worker would write. */
export class ServiceTrial {
  readonly platform: Platform;
  readonly service: ExecutorService;

  private constructor(platform: Platform) {
    this.platform = platform;
    this.service = this.serviceWith({});
  }

  static async open(): Promise<ServiceTrial> {
    const platform = await Platform.open();
    await platform.project("one");
    await platform.project("two");
    return new ServiceTrial(platform);
  }

  close(): Promise<void> {
    return this.platform.close();
  }

  serviceWith(parts: Partial<ExecutorServiceParts>): ExecutorService {
    const { store, queue, events, clock } = this.platform;
    const logs: Pick<LogSink, "stream"> = { async *stream() {} };
    return createExecutorService({ store, queue, events, logs, clock, logger: silentLogger, ...parts });
  }

  async claim(buildId: string): Promise<ClaimedBuild> {
    const limits = { maxBuilds: 100, maxBuildsPerProject: 100 };
    const { builds } = this.platform.store;
    const claimed = await builds.claim({ owner: "w", leaseMs: 30_000, prefer: buildId, ...limits });
    if (claimed?.build.id !== buildId) throw new Error("not claimed");
    return claimed;
  }

  /** Gives the id of its record. */
  async addJob({ lease }: ClaimedBuild, key: string, needs: readonly string[] = []): Promise<string> {
    const { store, clock } = this.platform;
    const id = `${lease.buildId}:${key}`;
    const job = { id, buildId: lease.buildId, key, jobId: key, name: key, kind: "job" as const, needs };
    const position = (await store.builds.jobs(lease.buildId)).length + 1;
    await store.builds.advance(lease, [
      { kind: "job-added", job: { ...job, position, attempt: 1, createdAt: clock.now(), status: "queued" } },
      { kind: "job-changed", job: id, to: "running", at: clock.now() },
    ]);
    return id;
  }

  async endJob({ lease }: ClaimedBuild, id: string, result: "success" | "failure"): Promise<void> {
    const to = result === "success" ? "succeeded" : "failed";
    const at = this.platform.clock.now();
    const outputs = { made: id };
    await this.platform.store.builds.advance(lease, [
      { kind: "job-changed", job: id, to, at, result, outcome: result, outputs },
    ]);
  }

  /** A step `s1` of the job. */
  async addStep({ lease }: ClaimedBuild, jobId: string): Promise<void> {
    const step = { id: "s1", buildId: lease.buildId, jobId, number: 1, name: "run", stage: "main" } as const;
    await this.platform.store.builds.advance(lease, [
      { kind: "step-added", step: { ...step, type: "run", background: false } },
    ]);
  }

  async end({ lease }: ClaimedBuild, to: "succeeded" | "failed" = "succeeded"): Promise<void> {
    const at = this.platform.clock.now();
    await this.platform.store.builds.advance(lease, [{ kind: "build-moved", to, at }]);
  }

  /** Gathers events of these types from now on. */
  async heard(...types: PlatformEvent["type"][]): Promise<PlatformEvent[]> {
    const events: PlatformEvent[] = [];
    await this.platform.events.subscribe({ types }, (event) => events.push(event));
    return events;
  }
}

export function requestOf(id: string, more: Partial<CreateBuildRequest> = {}): CreateBuildRequest {
  return {
    id,
    projectId: "one",
    pipelineId: "one-ci",
    trigger: "api",
    actor: "ann",
    event: "workflow_dispatch",
    ref: "refs/heads/main",
    sha: "a".repeat(40),
    file: "ci.yml",
    content: "jobs: {}",
    workflow: "ci",
    title: "Try it",
    github: { event_name: "workflow_dispatch", actor: "ann", triggering_actor: "ann" },
    inputs: { where: "there" },
    vars: { A: "1" },
    ...more,
  };
}
