import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { testPostgres } from "../../../test/support/postgres.ts";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { EventBus } from "../../events/event-bus.ts";
import { MemoryEventBus } from "../../events/memory-event-bus.ts";
import { createPushSink, type PushSink, type PushSinkOptions } from "../../executors/push/push-sink.ts";
import { encoded, finishedFrame, logFrame, logFrames } from "../../executors/push/testing/test-frames.ts";
import { MasterKey } from "../../identity/master-key.ts";
import { StoredJobTokens } from "../../identity/stored-job-tokens.ts";
import type { Frame } from "../../protocol/frame.ts";
import { FRAMES_PATH, type PushTarget } from "../../protocol/push-protocol.ts";
import type { RunnerCommand } from "../../protocol/runner-command.ts";
import type { BuildLease } from "../../store/build-record.ts";
import { openStore, type StoreOptions } from "../../store/open-store.ts";
import type { RunnerName } from "../../store/runner-store.ts";
import { jobAdded, newJob, type TestStore, testStore } from "../../store/store.fixture.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { type RunnerServer, startRunnerServer } from "./runner-server.fixture.ts";
import type { StoredMailboxOptions } from "./stored-mailbox.ts";

/** On a machine that has much else to do. */
const until = <T>(look: () => T | Promise<T>) => vi.waitFor(look, 15_000);

const ENGINES: readonly [string, () => Promise<{ options: StoreOptions; dispose(): Promise<void> }>][] = [
  ["SQLite", async () => ({ options: { kind: "sqlite", file: ":memory:" }, dispose: async () => {} })],
  [
    "PostgreSQL",
    async () => {
      const { url, dispose } = await testPostgres();
      return { options: { kind: "postgres", url }, dispose };
    },
  ],
];

describe.each(ENGINES)("a mailbox in the records of %s", (engine, open) => {
  let records: TestStore;
  let options: StoreOptions;
  let dispose: () => Promise<void>;
  let events: EventBus;
  let tokens: StoredJobTokens;
  let told: RunnerCommand[];

  beforeAll(async () => {
    const opened = await open();
    ({ options, dispose } = opened);
    records = await testStore((clock) => openStore(options, { clock, logger: silentLogger }));
  });
  beforeEach(() => {
    events = new MemoryEventBus({ logger: silentLogger });
    const { clock, store } = records;
    tokens = new StoredJobTokens({ builds: store.builds, masterKeys: [MasterKey.random()], clock });
    told = [];
  });
  afterEach(() => records.clear());
  afterAll(async () => {
    await records.store.close();
    await dispose();
  });

  async function server(change: Partial<StoredMailboxOptions> = {}): Promise<RunnerServer> {
    const started = await startRunnerServer({ store: records.store, tokens, events }, change);
    onTestFinished(() => started.close());
    return started;
  }

  async function runningJob(): Promise<{ runner: RunnerName; lease: BuildLease; jobId: string }> {
    const { build, lease } = await records.running();
    const job = newJob(build.id);
    await records.store.builds.advance(lease, [
      jobAdded(job),
      { kind: "job-changed", job: job.id, to: "running", at: 1 },
    ]);
    return { runner: { buildId: build.id, jobKey: job.key, attempt: 1 }, lease, jobId: job.id };
  }

  function pusher(target: PushTarget, change: Partial<PushSinkOptions> = {}): PushSink {
    const folder = mkdtempSync(join(tmpdir(), "slipway-push-"));
    const pushing = createPushSink({
      target,
      spoolDirectory: folder,
      clock: systemClock,
      fetch,
      random: () => 0,
      onCommand: (command) => told.push(command),
      say: () => {},
      ...change,
      limits: { tickMs: 10, maxBatchBytes: 2_000, ...change.limits },
    });
    onTestFinished(async () => {
      await pushing.finish();
      rmSync(folder, { recursive: true, force: true });
    });
    return pushing;
  }

  async function pushAll(frames: readonly Frame[], pushing: PushSink): Promise<void> {
    for (const frame of frames) await pushing.sink(frame);
    expect(await pushing.finish()).toEqual({ delivered: true });
  }

  async function post({ url, token }: PushTarget, frames: readonly Frame[]): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${url}${FRAMES_PATH}`, { method: "POST", headers, body: encoded(frames) })).status;
  }

  const endless = new AbortController().signal;
  const job = (last: number) => [...logFrames(1, last - 1), finishedFrame(last)];

  it("brings frames to who follows, while they come, and ends with the job", async () => {
    const { mailbox } = await server();
    const { runner } = await runningJob();
    const pushing = pusher(await mailbox.open(runner));
    const seen: Frame[] = [];
    const following = mailbox.follow(runner, 0, (frame) => void seen.push(frame), endless);
    await pushing.sink(logFrame(1));
    await until(() => expect(seen).toHaveLength(1));
    await pushAll(job(2_000).slice(1), pushing);
    await following;
    expect(seen).toEqual(job(2_000));
  });

  it("hands frames on in memory to a follower of the same process, without reading them again", async () => {
    const { runners } = records.store;
    const { mailbox } = await server({ store: { runners: { ...runners, read: async () => [] } } });
    const { runner } = await runningJob();
    const target = await mailbox.open(runner);
    const seen: Frame[] = [];
    const following = mailbox.follow(runner, 0, (frame) => void seen.push(frame), endless);
    await pushAll(job(500), pusher(target));
    await following;
    expect(seen).toEqual(job(500));
    // They are in the records all the same.
    expect((await runners.read(runner, 0, 1_000)).at(-1)).toMatchObject({ lastSeq: 500, final: true });
  });

  it("takes frames at two servers in turns that hear nothing of each other, where one starts again meanwhile", async () => {
    const own = await Promise.all(
      [1, 2].map(async () => {
        // SQLite belongs to one process, which has one engine.
        const store =
          engine === "SQLite"
            ? records.store
            : await openStore(options, { clock: systemClock, logger: silentLogger });
        if (store !== records.store) onTestFinished(() => store.close());
        return { store, tokens, events: new MemoryEventBus({ logger: silentLogger }) };
      }),
    );
    const [a, b] = await Promise.all(own.map((parts) => startRunnerServer(parts)));
    if (a === undefined || b === undefined) throw new Error("two servers");
    onTestFinished(() => a.close());
    let second = b;
    onTestFinished(() => second.close());
    const worker = await server();
    const { runner } = await runningJob();
    const target = await worker.mailbox.open(runner);
    let nth = 0;
    const inTurns: PushSinkOptions["fetch"] = (url, init) => {
      nth += 1;
      return fetch(url.replace(target.url, nth % 2 === 0 ? a.url : second.url), init);
    };
    const seen: Frame[] = [];
    const following = worker.mailbox.follow(runner, 0, (frame) => void seen.push(frame), endless);
    const pushing = pusher(target, { fetch: inTurns });
    const frames = job(3_000);
    for (const frame of frames) {
      await pushing.sink(frame);
      if (frame.seq !== 1_000) continue;
      await until(() => expect(seen.length).toBeGreaterThan(100));
      await second.close();
      const parts = own[1];
      if (parts !== undefined) second = await startRunnerServer(parts);
    }
    expect(await pushing.finish()).toEqual({ delivered: true });
    await following;
    expect(seen).toEqual(frames);
    expect(nth).toBeGreaterThan(10);
  });

  it("takes one of two different batches that two servers get at once", async () => {
    const servers = await Promise.all([server(), server()]);
    const { runner } = await runningJob();
    for (let round = 0; round < 5; round += 1) {
      const from = round * 10 + 1;
      const { token } = await servers[0].mailbox.open(runner);
      const statuses = await Promise.all(
        servers.map(({ url }, i) => post({ url, token }, logFrames(from, from + 4 + i * 5))),
      );
      // Of the one that lost, the rest is new or nothing is.
      expect(statuses).toEqual([200, 200]);
    }
    await post(await servers[0].mailbox.open(runner), [finishedFrame(51)]);
    const seen: number[] = [];
    await servers[1].mailbox.follow(runner, 0, ({ seq }) => void seen.push(seq), endless);
    expect(seen).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
  });

  it("gives who follows again what comes after its number, and the end however far that one is", async () => {
    const { mailbox } = await server();
    const { runner } = await runningJob();
    await pushAll(job(300), pusher(await mailbox.open(runner)));
    const from = async (seq: number) => {
      const seen: number[] = [];
      await mailbox.follow(runner, seq, (frame) => void seen.push(frame.seq), endless);
      return seen;
    };
    expect(await from(250)).toEqual(Array.from({ length: 50 }, (_, i) => 251 + i));
    expect(await from(299)).toEqual([300]);
    expect(await from(300)).toEqual([300]);
    expect(await from(9_999)).toEqual([300]);
  });

  it("lets frames go that the records say are dealt with, while it is followed, and no others", async () => {
    const { runner, lease, jobId } = await runningJob();
    let time = 0;
    const clock = { ...systemClock, monotonic: () => time };
    const { mailbox } = await server({ clock });
    const target = await mailbox.open(runner);
    let seen = 0;
    const stop = new AbortController();
    const following = mailbox.follow(
      runner,
      0,
      ({ seq }) => {
        seen = seq;
      },
      stop.signal,
    );
    const kept = async () =>
      (await records.store.runners.read(runner, 0, 1_000)).map(({ lastSeq }) => lastSeq);
    for (const seq of [1, 2, 3]) {
      await post(target, [logFrame(seq)]);
      await until(() => expect(seen).toBe(seq));
    }
    expect(await kept()).toEqual([1, 2, 3]);
    await records.store.builds.advance(lease, [{ kind: "job-changed", job: jobId, at: 2, frameSeq: 2 }]);
    time += 1_000;
    await post(target, [logFrame(4)]);
    await until(async () => expect(await kept()).toEqual([3, 4]));
    stop.abort();
    await following;
  });

  it("is followed with patience while the records are away, and not for ever", async () => {
    let away = 0;
    const { runners } = records.store;
    const read: typeof runners.read = async (...args) => {
      if (away-- > 0) throw new ExecError("Transient", "the records cannot be reached");
      return await runners.read(...args);
    };
    const store = { runners: { ...runners, read } };
    const { mailbox } = await server({ store });
    const { runner } = await runningJob();
    await pushAll(job(5), pusher(await mailbox.open(runner)));
    away = 3;
    const seen: number[] = [];
    await mailbox.follow(runner, 0, ({ seq }) => void seen.push(seq), endless);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    away = Number.POSITIVE_INFINITY;
    const impatient = await server({ store, patienceMs: 150 });
    await expect(impatient.mailbox.follow(runner, 0, () => {}, endless)).rejects.toMatchObject({
      code: "Transient",
      message: expect.stringContaining("could not be reached for"),
    });
  });

  it("ends a follower with what its sink throws, with its signal, and where the mailbox is closed", async () => {
    const { mailbox } = await server();
    const { runner } = await runningJob();
    const target = await mailbox.open(runner);
    await post(target, logFrames(1, 3));
    const broken = new Error("broken");
    await expect(
      mailbox.follow(runner, 0, ({ seq }) => (seq === 2 ? Promise.reject(broken) : undefined), endless),
    ).rejects.toBe(broken);
    const stop = new AbortController();
    const stopped = mailbox.follow(runner, 3, () => {}, stop.signal);
    stop.abort();
    await stopped;
    const closed = mailbox.follow(runner, 3, () => {}, endless);
    await mailbox.close(runner);
    await expect(closed).rejects.toMatchObject({ code: "NotFound" });
  });

  it("asks a runner for time whose worker reads nothing, and loses nothing by it", async () => {
    const { mailbox } = await server({ maxUnreadBytes: 20_000 });
    const { runner } = await runningJob();
    const target = await mailbox.open(runner);
    const statuses: number[] = [];
    const noting: PushSinkOptions["fetch"] = async (url, init) => {
      const answer = await fetch(url, init);
      if (init.method === "POST") statuses.push(answer.status);
      return answer;
    };
    const pushing = pusher(target, { fetch: noting });
    const frames = job(1_000);
    for (const frame of frames) await pushing.sink(frame);
    await until(() => expect(statuses).toContain(429));
    const seen: Frame[] = [];
    let seconds = 0;
    const reader = await server({ clock: { ...systemClock, monotonic: () => ++seconds * 1_000 } });
    const following = reader.mailbox.follow(runner, 0, (frame) => void seen.push(frame), endless);
    expect(await pushing.finish()).toEqual({ delivered: true });
    await following;
    expect(seen).toEqual(frames);
  });

  it("tells a runner that waits of its commands at once, also through another server, and of its end", async () => {
    const [here, there] = [await server(), await server()];
    const { runner } = await runningJob();
    const target = await here.mailbox.open(runner);
    pusher({ ...target, url: there.url });
    await until(() => expect(there.handler.waiting).toBe(1));
    await here.mailbox.send(runner, { type: "cancel", reason: "enough" });
    await here.mailbox.send(runner, { type: "cancel", reason: "enough" });
    await until(() => expect(told).toEqual([{ type: "cancel", reason: "enough" }]));
    await until(() => expect(there.handler.waiting).toBe(1));
    expect(await here.mailbox.lastHeard(runner)).toBeGreaterThan(0);
    await here.mailbox.close(runner);
    await until(() => expect(told.at(-1)).toEqual({ type: "kill" }));
    expect(told).toHaveLength(2);
    expect(await here.mailbox.lastHeard(runner)).toBeUndefined();
  });

  it("brings a command whose event was lost with the next request", async () => {
    const { runner } = await runningJob();
    const deaf = await server({ events: new MemoryEventBus({ logger: silentLogger }) });
    const target = await deaf.mailbox.open(runner);
    pusher(target, { limits: { waitSeconds: 1 } });
    await until(() => expect(deaf.handler.waiting).toBe(1));
    const other = await server();
    await other.mailbox.send(runner, { type: "cancel", reason: "r" });
    await until(() => expect(told).toEqual([{ type: "cancel", reason: "r" }]));
  });

  it("lets nobody in but the live job itself, by its token for this", async () => {
    const { mailbox, url } = await server();
    const [mine, other] = [await runningJob(), await runningJob()];
    const target = await mailbox.open(mine.runner);
    await mailbox.open(other.runner);
    const named = { ...mine.runner, github: {} };
    for (const purpose of ["git", "runtime", "id-token"] as const)
      expect(await post({ url, token: await tokens.issue(named, purpose) }, logFrames(1, 1))).toBe(401);
    await expect(tokens.identify(target.token, "git")).rejects.toMatchObject({ code: "Unauthorized" });
    const strange = new StoredJobTokens({
      builds: records.store.builds,
      masterKeys: [MasterKey.random()],
      clock: records.clock,
    });
    expect(await post({ url, token: await strange.issue(named, "runner") }, logFrames(1, 1))).toBe(401);
    // What another job says is its own, whatever numbers it has.
    const others = await tokens.issue({ ...other.runner, github: {} }, "runner");
    expect(await post({ url, token: others }, logFrames(1, 9))).toBe(200);
    expect(await records.store.runners.read(mine.runner, 0, 10)).toEqual([]);
    expect(await post(target, logFrames(1, 1))).toBe(200);

    records.clock.advance(1_001);
    await records.store.builds.advance(mine.lease, [
      { kind: "job-changed", job: mine.jobId, to: "succeeded", at: 5 },
    ]);
    expect(await post(target, logFrames(2, 2))).toBe(401);
    expect(await post({ url, token: others }, logFrames(10, 11))).toBe(200);
    records.clock.advance(8 * 24 * 3_600_000);
    expect(await post({ url, token: others }, logFrames(12, 12))).toBe(401);
  });
});
