/** Workers in "processes" of their own, on real PostgreSQL and RabbitMQ. */
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type TestDatabase, testPostgres } from "../../../test/support/postgres.ts";
import { type TestVhost, testRabbit } from "../../../test/support/rabbit.ts";
import { type TcpProxy, tcpProxy } from "../../../test/support/tcp-proxy.ts";
import { systemClock as clock } from "../../clock.ts";
import { RabbitEventBus } from "../../events/rabbit-event-bus.ts";
import { RabbitQueue } from "../../queue/rabbit-queue.ts";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { silentLogger as logger } from "../../telemetry/logger.ts";
import { noMetrics as metrics } from "../../telemetry/metrics.ts";
import type { ClaimedRun } from "../orchestrator/claimed-run.ts";
import { createExecutorService } from "../service/create-executor-service.ts";
import { requestOf } from "../service/service-trial.fixture.ts";
import { Sweeper } from "./sweeper.ts";
import { Worker } from "./worker.ts";

const POLL = { timeout: 20_000, interval: 20 };
let postgres: TestDatabase;
let rabbit: TestVhost;
let proxy: TcpProxy;
const closing: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [postgres, rabbit] = await Promise.all([testPostgres(), testRabbit()]);
  proxy = await tcpProxy(Number(new URL(rabbit.url).port));
}, 120_000);
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});
afterAll(async () => {
  await proxy?.close();
  await rabbit?.dispose();
  await postgres?.dispose();
});

interface Server {
  readonly store: Store;
  readonly queue: RabbitQueue;
  readonly events: RabbitEventBus;
}

/** With connections of its own. */
async function server(prefix: string, instanceId: string): Promise<Server> {
  const url = new URL(rabbit.url);
  url.port = `${proxy.port}`;
  const store = await openStore({ kind: "postgres", url: postgres.url, poolSize: 4 }, { clock, logger });
  const queue = await RabbitQueue.open({ url: url.href, prefix, clock, logger, reconnectMaxMs: 200 });
  const events = await RabbitEventBus.open({ url: url.href, prefix, instanceId, clock, logger });
  closing.push(async () => {
    await Promise.all([queue.close(), events.close()]);
    await store.close();
  });
  return { store, queue, events };
}

async function project({ store }: Server, id: string, maxBuilds?: number): Promise<void> {
  const at = clock.now();
  const times = { createdAt: at, updatedAt: at };
  const settings = maxBuilds === undefined ? {} : { maxBuilds };
  await store.projects.createProject({
    id,
    name: id,
    repositoryUrl: "/none",
    defaultBranch: "main",
    settings,
    ...times,
  });
  await store.projects.createPipeline({
    id: `${id}-ci`,
    projectId: id,
    name: "ci",
    path: "ci.yml",
    enabled: true,
    ...times,
  });
}

it("run every build once, within quotas, also where the broker is cut off in between", async () => {
  const servers = await Promise.all(["one", "two", "three"].map((name) => server("cut", name)));
  const [first] = servers;
  if (first === undefined) throw new Error("no server");
  await project(first, "free");
  await project(first, "small", 2);
  const runs = new Map<string, number>();
  const now = { all: 0, small: 0, mostSmall: 0 };
  const startBuild =
    ({ store }: Server) =>
    (claim: ClaimedBuild): ClaimedRun => {
      const { id, projectId } = claim.build;
      runs.set(id, (runs.get(id) ?? 0) + 1);
      if (projectId === "small") now.mostSmall = Math.max(now.mostSmall, ++now.small);
      const run = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (projectId === "small") now.small -= 1;
        await store.builds.advance(claim.lease, [{ kind: "build-moved", to: "succeeded", at: clock.now() }]);
        return "finished" as const;
      };
      return { cancel() {}, abandon: async () => {}, ended: run() };
    };
  for (const [index, each] of servers.entries()) {
    const limits = { maxBuilds: 100, maxBuildsPerProject: 100 };
    const own = { ...each, clock, logger, metrics };
    const worker = new Worker({
      ...own,
      owner: `w${index}`,
      startBuild: startBuild(each),
      maxBuilds: 3,
      limits,
    });
    await worker.start();
    const sweeper = new Sweeper({ ...own, intervalMs: 500, staleMs: 1_000 });
    sweeper.start();
    closing.push(async () => {
      await sweeper.stop();
      await worker.drain(2_000);
    });
  }
  const service = createExecutorService({
    ...first,
    logs: { async *stream() {} },
    clock,
    logger,
    publishLimitMs: 500,
  });
  const ids: string[] = [];
  for (let count = 0; count < 60; count += 1) {
    const projectId = count % 3 === 0 ? "small" : "free";
    const id = `${projectId}-${count}`;
    ids.push(id);
    await service.createBuild(requestOf(id, { projectId, pipelineId: `${projectId}-ci` }));
    if (count === 30) proxy.cut();
    if (count === 33) proxy.resume();
  }
  const states = async () => {
    const all = await Promise.all(ids.map((id) => first.store.builds.get(id)));
    return new Set(all.map(({ status }) => status));
  };
  await vi.waitFor(async () => expect(await states()).toEqual(new Set(["succeeded"])), POLL);
  expect([...runs.values()]).toEqual(ids.map(() => 1));
  expect(now.mostSmall).toBeLessThanOrEqual(2);
  expect((await first.queue.stats()).dead).toBe(0);
}, 60_000);

it("take over from one that stops in the middle of its builds, at once", async () => {
  const servers = await Promise.all(["one", "two"].map((name) => server("drain", name)));
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("no server");
  await project(first, "p");
  const claims: string[] = [];
  const start = async (each: Server, owner: string) => {
    const startBuild = ({ build }: ClaimedBuild): ClaimedRun => {
      claims.push(`${owner} ${build.id}`);
      const ended = Promise.withResolvers<"abandoned">();
      return { cancel() {}, abandon: async () => ended.resolve("abandoned"), ended: ended.promise };
    };
    const limits = { maxBuilds: 100, maxBuildsPerProject: 100 };
    const worker = new Worker({ ...each, owner, startBuild, maxBuilds: 5, limits, clock, logger, metrics });
    await worker.start();
    closing.push(() => worker.drain(0));
    return worker;
  };
  const worker = await start(first, "a");
  const service = createExecutorService({ ...first, logs: { async *stream() {} }, clock, logger });
  for (const id of ["x", "y", "z"])
    await service.createBuild(requestOf(id, { projectId: "p", pipelineId: "p-ci" }));
  await vi.waitFor(() => expect(claims).toHaveLength(3), POLL);
  await start(second, "b");
  await worker.drain(0);
  // Long before a lease of 30 s runs out.
  await vi.waitFor(() => expect(claims.slice(3).toSorted()).toEqual(["b x", "b y", "b z"]), POLL);
}, 60_000);
