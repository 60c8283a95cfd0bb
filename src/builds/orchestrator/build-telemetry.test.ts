import { afterEach, beforeEach, expect, test } from "vitest";
import { type LogFields, type Logger, silentLogger } from "../../telemetry/logger.ts";
import type { Metrics } from "../../telemetry/metrics.ts";
import type { Tracer } from "../../telemetry/tracer.ts";
import { TestServer } from "./orchestrator.fixture.ts";
import { jobYaml as job, pipelineYaml as pipeline } from "./yaml.fixture.ts";

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.open();
});
afterEach(() => server.close());

function numbers() {
  const counted: string[] = [];
  const observed: string[] = [];
  const gauges: number[] = [];
  const metrics: Metrics = {
    count: (name, labels = {}) => counted.push([name, ...Object.values(labels)].join(" ")),
    observe: (name, value, labels = {}) => {
      if (value >= 0) observed.push([name, ...Object.values(labels)].join(" "));
    },
    set: (_name, value) => gauges.push(value),
  };
  return { counted, observed, gauges, metrics };
}

function traces() {
  const spans: {
    readonly name: string;
    readonly under?: string;
    error?: string | undefined;
    ended: boolean;
  }[] = [];
  const named = new WeakMap<object, string>();
  const ids: (string | undefined)[] = [];
  const tracer: Tracer = {
    start: (name, { parent, traceId }) => {
      const under = parent === undefined ? undefined : named.get(parent);
      const kept: (typeof spans)[number] = { name, ...(under === undefined ? {} : { under }), ended: false };
      spans.push(kept);
      if (name === "build") ids.push(traceId);
      const span = {
        set() {},
        end(_at: number, outcome?: { readonly error?: string }) {
          kept.ended = true;
          kept.error = outcome?.error;
        },
      };
      named.set(span, name);
      return span;
    },
  };
  return { spans, ids, tracer };
}

test("a build is a trace, its jobs and steps are spans in it, and all of them are counted", async () => {
  const { counted, observed, gauges, metrics } = numbers();
  const { spans, ids, tracer } = traces();
  const result = await server.run(
    pipeline({ a: job("lose 1"), b: job("exit 1", "needs: a"), c: job("x", "needs: b") }),
    { metrics, tracer },
  );
  expect(ids).toEqual([result.build.id.replaceAll("-", "")]);
  expect(spans.map(({ name, under, error }) => [name, under, error])).toEqual([
    ["build", undefined, "the build failed"],
    ["job", "build", "the job failed"],
    ["job", "build", undefined],
    ["step", "job", undefined],
    ["job", "build", "the job failed"],
    ["step", "job", "the step failed"],
  ]);
  expect(spans.every(({ ended }) => ended)).toBe(true);
  expect(counted).toEqual([
    "slipway_job_retries_total",
    "slipway_jobs_total succeeded",
    "slipway_jobs_total failed",
    "slipway_jobs_total skipped",
    "slipway_builds_total failed",
  ]);
  expect(observed.filter((name) => name.startsWith("slipway_build")).sort()).toEqual([
    "slipway_build_duration_seconds failed",
    "slipway_build_queue_seconds",
  ]);
  expect(observed.filter((name) => name.startsWith("slipway_step")).length).toBe(2);
  expect(Math.max(...gauges)).toBe(1);
  expect(gauges.at(-1)).toBe(0);
});

test("a build that is let go ends its spans, too, and its jobs run here no more", async () => {
  const { gauges, metrics } = numbers();
  const { spans, tracer } = traces();
  const { id, run } = await server.start(pipeline({ a: job("hold gate") }), { metrics, tracer });
  await server.untilJob(id, "a", "running");
  await run.abandon();
  expect(spans.map(({ name, ended }) => [name, ended])).toEqual([
    ["build", true],
    ["job", true],
  ]);
  expect(gauges).toEqual([1, 0]);
});

test("says which build and which job runs and how they end", async () => {
  const lines: [string, LogFields][] = [];
  const logger = (bound: LogFields): Logger => ({
    ...silentLogger,
    info: (fields, message) => void lines.push([message, { ...bound, ...fields }]),
    child: (fields) => logger({ ...bound, ...fields }),
  });
  const { build, job: jobOf } = await server.run(pipeline({ a: job("exit 1") }), { logger: logger({}) });
  const ofBuild = { buildId: build.id, projectId: build.projectId };
  const ofJob = { ...ofBuild, jobId: jobOf("a").id, jobKey: "a", jobAttempt: 1 };
  const durationMs = expect.any(Number);
  expect(lines).toEqual([
    ["a build runs", { ...ofBuild, number: build.number, attempt: 1 }],
    ["a job runs", ofJob],
    ["a job has ended", { ...ofJob, status: "failed", durationMs }],
    ["a build has ended", { ...ofBuild, status: "failed", durationMs }],
  ]);
});
