import { describe, expect, it } from "vitest";
import { systemClock } from "../../clock.ts";
import { ExecError } from "../../errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { FrameSink } from "../../protocol/frame-sink.ts";
import type { Executor, JobEnd, RunningJob } from "../executor.ts";
import { FakeExecutor, type FakeExecutorOptions } from "../fake/fake-executor.ts";
import { FakeInstallation } from "../fake/fake-installation.ts";
import { startInProcess } from "../local/in-process-job.ts";
import { CONFORMANCE_CASES } from "./all-cases.ts";
import type { ExecutorUnderTest } from "./executor-under-test.ts";
import { hostPlace } from "./host-place.ts";
import { tryOut } from "./try-out.ts";

/** What is wrong with an executor: with what it hands on, with the ends it gives, with what it leaves. */
interface Sabotage {
  readonly sink?: (sink: FrameSink) => FrameSink;
  readonly end?: (end: JobEnd, sink: FrameSink) => JobEnd;
  readonly cancel?: (job: RunningJob) => () => void;
  readonly leftover?: string;
}

const all = Object.values(CONFORMANCE_CASES).flat();
const success = { type: "job.finished", result: "success", outputs: {}, durationMs: 0 } as const;
const only =
  (fits: (frame: Frame) => boolean) =>
  (sink: FrameSink): FrameSink =>
  (frame) =>
    fits(frame) ? sink(frame) : undefined;
const masksNothing =
  (sink: FrameSink): FrameSink =>
  (frame) =>
    sink(
      frame.type === "log"
        ? {
            ...frame,
            data: Buffer.from(Buffer.from(frame.data).toString().replaceAll("***", "s3cr3t-válue/+")),
          }
        : frame,
    );

const SABOTAGES: readonly (readonly [what: string, sabotage: Sabotage, caught: string])[] = [
  ["is all right", {}, ""],
  [
    "calls every job a success",
    { end: () => ({ kind: "reported", final: success }) },
    "reports a failing step",
  ],
  ["leaves a frame out", { sink: only(({ seq }) => seq !== 5) }, "reports a job that succeeds"],
  [
    "leaves a frame out after an attach",
    { sink: only(({ seq }) => seq !== 12) },
    "finds a job again in a step",
  ],
  [
    "tells frames twice",
    { sink: (sink) => async (frame) => void [await sink(frame), await sink(frame)] },
    "finds a job again before",
  ],
  ["shows secrets", { sink: masksNothing }, "hides a secret that is printed as it is"],
  [
    "cuts characters",
    {
      sink: (sink) => async (frame) => {
        if (frame.type !== "log") return await sink(frame);
        for (const byte of frame.data) await sink({ ...frame, data: Uint8Array.of(byte) });
      },
    },
    "never cuts a log frame",
  ],
  ["hears no cancel", { cancel: (job) => () => job.kill() }, "cancels in a step"],
  [
    "speaks after the end",
    {
      end: (end, sink) => {
        setImmediate(() => void sink({ seq: 99, at: 0, type: "mask", value: "x" }));
        return end;
      },
    },
    "cancels before anything",
  ],
  ["leaves something behind", { leftover: "container x" }, "reports a job without a step"],
  [
    "calls its own failure a lasting one",
    { end: () => ({ kind: "lost", error: new ExecError("Permanent", "the job job is gone") }) },
    "is lost, to be tried again, where its place vanishes",
  ],
];

describe("the conformance suite", () => {
  it("has cases enough, each with a title of its own", () => {
    expect(all.length).toBeGreaterThanOrEqual(75);
    expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
  });

  it.each(SABOTAGES)("judges an executor that %s", async (_what, sabotage, caught) => {
    for (const [, , title] of SABOTAGES) {
      const found = all.find((each) => title !== "" && each.title.startsWith(title));
      if (title !== "" && found === undefined) throw new Error(`No case begins with '${title}'.`);
      // The one that is all right passes every case by which another is caught.
      if (found === undefined || (caught !== "" && caught !== title)) continue;
      const trial = tryOut(async () => placeOf(sabotage), found.run);
      if (caught === "") await trial;
      else await expect(trial).rejects.toThrow();
    }
  });
});

function placeOf(sabotage: Sabotage): ExecutorUnderTest {
  const host = hostPlace();
  const installation = new FakeInstallation();
  const options: FakeExecutorOptions = {
    outlives: true,
    installation,
    place: (request, sink) => startInProcess(request, sink, { clock: systemClock }),
  };
  return {
    ...host,
    executor: sabotaged(new FakeExecutor(options), sabotage),
    reopen: async () => sabotaged(new FakeExecutor(options), sabotage),
    leftovers: async () => [
      ...(await host.leftovers()),
      ...(sabotage.leftover === undefined ? [] : [sabotage.leftover]),
    ],
    infrastructure: {
      vanish: async ({ buildId, jobKey, attempt }) =>
        installation.jobs.get(`${buildId}/${jobKey}/${attempt}`)?.vanish(),
    },
  };
}

function sabotaged(executor: FakeExecutor, { sink: wrap = (sink) => sink, end, cancel }: Sabotage): Executor {
  const twist = (job: RunningJob, sink: FrameSink): RunningJob => ({
    ...job,
    ended: end === undefined ? job.ended : job.ended.then((ended) => end(ended, sink)),
    cancel: cancel === undefined ? job.cancel : cancel(job),
  });
  return {
    name: "fake",
    refuses: () => undefined,
    start: async (request, sink, note) => twist(await executor.start(request, wrap(sink), note), sink),
    attach: async (ref, afterSeq, sink) => {
      const job = await executor.attach(ref, afterSeq, wrap(sink));
      return job && twist(job, sink);
    },
    close: () => executor.close(),
  };
}
