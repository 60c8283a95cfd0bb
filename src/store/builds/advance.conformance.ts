import { describe, expect, it } from "vitest";
import type { BuildChange } from "../build-change.ts";
import { jobAdded, newJob, newStep, stepAdded, type TestStore } from "../store.fixture.ts";

export function advanceConformance(given: () => TestStore): void {
  describe("advancing a build", () => {
    it("keeps everything a batch says, and grows the version by one", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const changes = everyChange(build.id);
      const version = await store.builds.advance(lease, changes);
      expect(version).toBe(build.version + 1);
      await expectEveryChange(given(), build.id, version);
    });

    it("changes nothing when every change of a batch is applied again", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const changes = everyChange(build.id);
      await store.builds.advance(lease, changes);
      await store.builds.advance(lease, changes);
      for (const change of changes) await store.builds.advance(lease, [change]);
      await expectEveryChange(given(), build.id, build.version + 2 + changes.length);
    });

    it("may be told in pieces, the pieces again, and in one piece at last", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const changes = everyChange(build.id);
      for (const change of changes) {
        await store.builds.advance(lease, [change]);
        await store.builds.advance(lease, [change]);
      }
      await store.builds.advance(lease, changes);
      await expectEveryChange(given(), build.id, build.version + 2 * changes.length + 1);
    });

    it("adds hundreds of jobs and steps in one batch", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const jobs = Array.from({ length: 256 }, (_, i) =>
        newJob(build.id, { key: `leg[${i}]`, position: i + 1 }),
      );
      const steps = jobs.map((job) => newStep(build.id, job.id));
      await store.builds.advance(lease, [...jobs.map(jobAdded), ...steps.map(stepAdded)]);
      await store.builds.advance(
        lease,
        jobs.map(({ id: job }) => ({ kind: "job-changed", job, to: "queued", at: 9 })),
      );
      const kept = await store.builds.jobs(build.id);
      expect(kept.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
      expect(kept.every(({ status, queuedAt }) => status === "queued" && queuedAt === 9)).toBe(true);
      expect(await store.builds.steps(build.id)).toHaveLength(256);
    });

    const illegal: [string, (job: string, step: string) => BuildChange[]][] = [
      ["a job from its end to running", (job) => [{ kind: "job-changed", job, to: "running", at: 999 }]],
      ["a job from one end to another", (job) => [{ kind: "job-changed", job, to: "failed", at: 999 }]],
      [
        "a step from pending to its end",
        (_, step) => [{ kind: "step-changed", step, to: "succeeded", at: 9 }],
      ],
      ["a build back", () => [{ kind: "build-moved", to: "queued", at: 9 }]],
      [
        "a build from one end to another",
        () => [
          { kind: "build-moved", to: "failed", at: 9 },
          { kind: "build-moved", to: "succeeded", at: 10 },
        ],
      ],
    ];
    it.each(illegal)("refuses to move %s, and everything with it", async (_, changesOf) => {
      const { store, running } = given();
      const { build, lease } = await running();
      const job = newJob(build.id);
      const step = newStep(build.id, job.id);
      await store.builds.advance(lease, [
        jobAdded(job),
        { kind: "job-changed", job: job.id, to: "running", at: 2 },
        { kind: "job-changed", job: job.id, to: "succeeded", at: 3 },
        stepAdded(step),
      ]);
      const before = [await store.builds.get(build.id), await store.builds.jobs(build.id)];
      const other = newJob(build.id, { key: "other" });
      const batch: BuildChange[] = [
        { kind: "fact", seq: 1, fact: "told" },
        jobAdded(other),
        { kind: "build-described", warning: "careful" },
        ...changesOf(job.id, step.id),
      ];
      await expect(store.builds.advance(lease, batch)).rejects.toMatchObject({ code: "Conflict" });
      expect([await store.builds.get(build.id), await store.builds.jobs(build.id)]).toEqual(before);
      expect(await store.builds.facts(build.id)).toEqual([]);
      expect(await store.builds.warnings(build.id)).toEqual([]);
      expect((await store.builds.step(step.id)).status).toBe("pending");
    });

    it("refuses what is not there, and what is another build's", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const stranger = await running();
      const job = newJob(stranger.build.id);
      await store.builds.advance(stranger.lease, [jobAdded(job)]);
      const table: [BuildChange, string][] = [
        [{ kind: "job-changed", job: "none", at: 1, name: "x" }, "NotFound"],
        [{ kind: "step-changed", step: "none", at: 1, name: "x" }, "NotFound"],
        [{ kind: "job-changed", job: job.id, at: 1, name: "stolen" }, "NotFound"],
        [jobAdded(newJob(stranger.build.id, { key: "other" })), "Conflict"],
        [stepAdded(newStep(build.id, "none")), "NotFound"],
      ];
      for (const [change, code] of table)
        await expect(store.builds.advance(lease, [change]), JSON.stringify(change)).rejects.toMatchObject({
          code,
        });
      expect((await store.builds.job(job.id)).name).toBe(job.name);
      await store.builds.advance(lease, [jobAdded(newJob(build.id))]);
      await expect(store.builds.advance(lease, [jobAdded(newJob(build.id))])).rejects.toMatchObject({
        code: "Conflict",
      });
    });

    it("goes one after the other when told at once", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const versions = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          store.builds.advance(lease, [{ kind: "fact", seq: i + 1, fact: { i } }]),
        ),
      );
      expect(versions.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 20 }, (_, i) => build.version + 1 + i),
      );
      const facts = await store.builds.facts(build.id);
      expect(facts).toEqual(Array.from({ length: 20 }, (_, i) => ({ seq: i + 1, fact: { i } })));
    });

    it("keeps hard text and a huge one as they are", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const hard = "'; -- \\ \" \u2028 é 日本 🚢 \r\n\t %s $1 ?1 :a";
      const huge = "é🚢".repeat(500_000);
      const job = newJob(build.id, { name: hard, needs: [hard], matrix: { [hard]: [hard, null] } });
      await store.builds.advance(lease, [
        jobAdded(job),
        { kind: "job-changed", job: job.id, at: 1, error: huge, outputs: { [hard]: `nul \0, half \ud800` } },
        { kind: "fact", seq: 1, fact: { [hard]: huge } },
        { kind: "build-described", title: hard, warning: huge },
      ]);
      expect(await store.builds.job(job.id)).toMatchObject({
        name: hard,
        needs: [hard],
        matrix: { [hard]: [hard, null] },
        error: huge,
        outputs: { [hard]: `nul \0, half \ud800` },
      });
      expect(await store.builds.facts(build.id)).toEqual([{ seq: 1, fact: { [hard]: huge } }]);
      expect(await store.builds.warnings(build.id)).toEqual([huge]);
      expect((await store.builds.get(build.id)).title).toBe(hard);
    });

    it("shows a NUL in plain text as what cannot be shown", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      await store.builds.advance(lease, [{ kind: "build-described", title: "a\0b" }]);
      expect((await store.builds.get(build.id)).title).toBe("a\ufffdb");
    });

    it("passes through the states of an approval, there and back", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const job = newJob(build.id);
      const batch: BuildChange[] = [
        jobAdded(job),
        { kind: "job-changed", job: job.id, to: "waiting", at: 2, reason: "prod asks for a reviewer" },
        { kind: "job-changed", job: job.id, to: "pending", at: 3 },
        { kind: "job-changed", job: job.id, to: "queued", at: 4 },
        { kind: "job-changed", job: job.id, to: "running", at: 5 },
      ];
      await store.builds.advance(lease, batch);
      await store.builds.advance(lease, batch.slice(3));
      expect(await store.builds.job(job.id)).toMatchObject({ status: "running", queuedAt: 4, startedAt: 5 });
    });

    it("ends the lease with the build: it can only be told the same again", async () => {
      const { store, running } = given();
      const { build, lease } = await running();
      const end: BuildChange = {
        kind: "build-moved",
        to: "failed",
        at: 9,
        error: "no",
        errorCode: "InvalidSpec",
      };
      await store.builds.advance(lease, [end]);
      const ended = await store.builds.get(build.id);
      expect(ended).toMatchObject({ status: "failed", finishedAt: 9, error: "no", errorCode: "InvalidSpec" });
      expect(await store.builds.heartbeat("worker", [lease], 9_000)).toEqual([lease]);
      await store.builds.advance(lease, [end]);
      expect(await store.builds.get(build.id)).toEqual({ ...ended, version: ended.version + 1 });
    });
  });
}

const OUTPUTS = { image: "demo:1", empty: "" };

/** One of every kind, of a build with one job and one step, from the start to the end. */
function everyChange(buildId: string): readonly BuildChange[] {
  const job = newJob(buildId, {
    id: `job of ${buildId}`,
    needs: ["build"],
    parent: "release",
    legOf: "test",
    matrix: { node: [24] },
    reason: "waits",
  });
  const step = newStep(buildId, job.id, {
    id: `step of ${buildId}`,
    stepId: "make",
    line: 7,
    parent: 0,
    background: true,
  });
  return [
    { kind: "fact", seq: 1, fact: { started: true } },
    { kind: "build-described", title: "Release 1", workflow: "release", warning: "an old action" },
    jobAdded(job),
    stepAdded(step),
    { kind: "job-changed", job: job.id, to: "queued", at: 10 },
    { kind: "job-changed", job: job.id, to: "running", at: 11, executor: "local", executorRef: "pid 1" },
    { kind: "step-changed", step: step.id, to: "running", at: 12 },
    { kind: "job-changed", job: job.id, at: 12, frameSeq: 4, name: "Test (24)" },
    { kind: "fact", seq: 2, fact: [null, 2] },
    {
      kind: "annotation-added",
      annotation: {
        id: `annotation of ${buildId}`,
        buildId,
        jobId: job.id,
        step: 1,
        level: "warning",
        message: "look here",
        file: "a.c",
        line: 1,
        endLine: 2,
        column: 3,
        endColumn: 4,
        title: "Lint",
        createdAt: 13,
      },
    },
    {
      kind: "step-changed",
      step: step.id,
      to: "failed",
      at: 14,
      outcome: "failure",
      conclusion: "success",
      exitCode: 0,
      signal: "SIGTERM",
      error: "it failed",
      summary: "# Summary",
      durationMs: 1.6,
    },
    {
      kind: "job-changed",
      job: job.id,
      to: "succeeded",
      at: 15,
      frameSeq: 9,
      result: "success",
      outcome: "failure",
      outputs: OUTPUTS,
      environment: "prod",
      environmentUrl: "https://example.org",
      infrastructureFailure: true,
      latest: false,
      error: "none",
    },
    { kind: "build-moved", to: "succeeded", at: 16 },
  ];
}

async function expectEveryChange({ store }: TestStore, buildId: string, version: number): Promise<void> {
  expect(await store.builds.get(buildId)).toMatchObject({
    status: "succeeded",
    title: "Release 1",
    workflow: "release",
    finishedAt: 16,
    version,
  });
  expect(await store.builds.facts(buildId)).toEqual([
    { seq: 1, fact: { started: true } },
    { seq: 2, fact: [null, 2] },
  ]);
  expect(await store.builds.warnings(buildId)).toEqual(["an old action"]);
  const [job] = await store.builds.jobs(buildId);
  expect(job).toEqual({
    id: `job of ${buildId}`,
    buildId,
    key: "test",
    jobId: "test",
    name: "Test (24)",
    kind: "job",
    needs: ["build"],
    parent: "release",
    legOf: "test",
    matrix: { node: [24] },
    position: 1,
    attempt: 1,
    latest: false,
    status: "succeeded",
    result: "success",
    outcome: "failure",
    outputs: OUTPUTS,
    error: "none",
    reason: "waits",
    infrastructureFailure: true,
    environment: "prod",
    environmentUrl: "https://example.org",
    executor: "local",
    executorRef: "pid 1",
    frameSeq: 9,
    createdAt: 1_000,
    queuedAt: 10,
    startedAt: 11,
    finishedAt: 15,
  });
  expect(await store.builds.job(`job of ${buildId}`)).toEqual(job);
  const [step] = await store.builds.steps(buildId);
  expect(step).toEqual({
    id: `step of ${buildId}`,
    buildId,
    jobId: `job of ${buildId}`,
    number: 1,
    stepId: "make",
    name: "Run make",
    stage: "main",
    type: "run",
    status: "failed",
    outcome: "failure",
    conclusion: "success",
    exitCode: 0,
    signal: "SIGTERM",
    error: "it failed",
    line: 7,
    parent: 0,
    background: true,
    summary: "# Summary",
    startedAt: 12,
    finishedAt: 14,
    durationMs: 2,
    log: { kept: "rows", sizeBytes: 0 },
  });
  expect(await store.builds.step(`step of ${buildId}`)).toEqual(step);
  expect(await store.builds.annotations(buildId)).toEqual([
    expect.objectContaining({ message: "look here", line: 1, endColumn: 4, title: "Lint", level: "warning" }),
  ]);
}
