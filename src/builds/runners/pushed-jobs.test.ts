import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Executor, JobAttemptName, JobEnd, RunningJob } from "../../executors/executor.ts";
import { FakeExecutor } from "../../executors/fake/fake-executor.ts";
import { createPushSink } from "../../executors/push/push-sink.ts";
import type { RunnerMailbox } from "../../executors/push/runner-mailbox.ts";
import { MasterKey } from "../../identity/master-key.ts";
import { StoredJobTokens } from "../../identity/stored-job-tokens.ts";
import type { JobFinishedFrame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { JobRequest } from "../../protocol/job-request.ts";
import type { PushTarget } from "../../protocol/push-protocol.ts";
import { type Cut, MortalProcess } from "../orchestrator/mortal-process.fixture.ts";
import { TestServer } from "../orchestrator/orchestrator.fixture.ts";
import { startClaimedBuild } from "../orchestrator/start-claimed-build.ts";
import { type RunnerServer, startRunnerServer } from "./runner-server.fixture.ts";
import { StoredMailbox } from "./stored-mailbox.ts";

const PIPELINE = `
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    outputs: { value: "\${{ steps.s.outputs.value }}" }
    steps:
      - { id: s, run: "one\\npause 30\\ntwo\\nvalue=7" }
      - { run: "three\\npause 30\\nannotate careful\\nsummary # Done" }
  last:
    needs: test
    runs-on: ubuntu-latest
    steps: [{ run: "last \${{ needs.test.outputs.value }}" }]
`;

/** Where runners that push are, and stay while workers come and go. */
class Cluster {
  readonly #jobs = new Map<string, Promise<void>>();
  readonly #folder = mkdtempSync(join(tmpdir(), "slipway-cluster-"));

  place(ref: string, request: JobRequest, target: PushTarget): void {
    if (!this.#jobs.has(ref)) this.#jobs.set(ref, this.#run(ref, request, target));
  }

  has(ref: string): boolean {
    return this.#jobs.has(ref);
  }

  get size(): number {
    return this.#jobs.size;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#jobs.values());
    rmSync(this.#folder, { recursive: true });
  }

  async #run(ref: string, request: JobRequest, target: PushTarget): Promise<void> {
    const pushing = createPushSink({
      target,
      spoolDirectory: join(this.#folder, ref),
      clock: systemClock,
      fetch,
      random: () => 0,
      onCommand: () => {},
      say: () => {},
      limits: { tickMs: 5 },
    });
    const job = await new FakeExecutor({ now: () => Date.now() }).start(request, pushing.sink);
    await job.ended;
    await pushing.finish();
  }
}

/** As the worker of one process has it: it only places runners and follows their mailboxes. */
function pushingExecutor(cluster: Cluster, mailbox: RunnerMailbox): Executor {
  const follow = (job: JobAttemptName, afterSeq: number, sink: FrameSink): RunningJob => {
    let final: JobFinishedFrame | undefined;
    const take: FrameSink = (frame) => {
      if (frame.type === "job.finished") final = frame;
      return sink(frame);
    };
    const ended = mailbox.follow(job, afterSeq, take, new AbortController().signal).then(
      (): JobEnd =>
        final === undefined
          ? { kind: "lost", error: new ExecError("Transient", "there was no end") }
          : { kind: "reported", final },
      (error: unknown): JobEnd => ({ kind: "lost", error: new ExecError("Transient", String(error)) }),
    );
    return { ref: refOf(job), ended, cancel() {}, kill() {} };
  };
  return {
    name: "fake",
    jobsOutliveIt: true,
    refuses: () => undefined,
    async start(request, sink) {
      cluster.place(refOf(request), request, await mailbox.open(request));
      return follow(request, 0, sink);
    },
    async attach(ref, afterSeq, sink) {
      return cluster.has(ref) ? follow(JSON.parse(ref), afterSeq, sink) : undefined;
    },
  };
}

const refOf = ({ buildId, jobKey, attempt }: JobAttemptName) => JSON.stringify({ buildId, jobKey, attempt });

let server: TestServer;
let replica: RunnerServer;
let cluster: Cluster;
let tokens: StoredJobTokens;
beforeEach(async () => {
  server = await TestServer.open();
  const { store, events } = server;
  tokens = new StoredJobTokens({
    builds: store.builds,
    masterKeys: [MasterKey.random()],
    clock: systemClock,
  });
  replica = await startRunnerServer({ store, tokens, events });
  cluster = new Cluster();
});
afterEach(async () => {
  await server.close().finally(() => replica.close());
  await cluster.remove();
});

/** Runs a build whose worker dies with its nth change of the records, and goes on with another one. */
async function runTwice(diesAt: number, cut: Cut): Promise<number> {
  const { events } = server;
  const first = new MortalProcess(server.store, diesAt, cut);
  const executorOf = ({ store, clock }: Pick<MortalProcess, "store" | "clock">) => {
    const mailbox = new StoredMailbox({ store, tokens, events, clock, url: replica.url, pollMs: 20 });
    return pushingExecutor(cluster, mailbox);
  };
  const { id } = await server.create(PIPELINE);
  const claim = await server.claim(id);
  const { store, clock } = first;
  const logs = server.logSink(store, clock);
  const run = startClaimedBuild(claim, server.parts({ store, clock, logs, executor: executorOf(first) }));
  if ((await Promise.race([run.ended, first.died.promise])) === undefined) {
    await server.store.builds.release([claim.lease]);
    if ((await server.store.builds.get(id)).status !== "succeeded") {
      const executor = executorOf({ store: server.store, clock: systemClock });
      const again = startClaimedBuild(await server.claim(id, "w2"), server.parts({ executor }));
      expect(await server.follow(again).ended).toBe("finished");
    }
  }
  const result = await server.result(id);
  expect(result.states).toEqual({ test: "succeeded", last: "succeeded" });
  const logsOf = async (key: string) =>
    Promise.all([1, 2].map((number) => server.logOf(result.job(key), number)));
  expect(await logsOf("test")).toEqual(["one\ntwo\n", "three\n"]);
  expect(await logsOf("last")).toEqual(["last 7\n", ""]);
  const annotations = await server.store.builds.annotations(id);
  expect(annotations.map(({ message }) => message)).toEqual(["careful"]);
  // No job was lost: each has one attempt.
  expect(result.jobs.map(({ attempt }) => attempt)).toEqual([1, 1]);
  return first.calls;
}

test.each(["before", "after"] as const)(
  "a worker that is killed %s any call to the records is replaced, and nobody notices: each frame counts once",
  async (cut) => {
    const calls = await runTwice(0, cut);
    expect(calls).toBeGreaterThan(10);
    for (let diesAt = 1; diesAt <= calls; diesAt += 1) {
      await runTwice(diesAt, cut).catch((error: unknown) => {
        throw new Error(`killed ${cut} call ${diesAt} of ${calls}`, { cause: error });
      });
    }
    expect(cluster.size).toBe(2 * (calls + 1));
  },
  240_000,
);
