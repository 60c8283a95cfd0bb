import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ExecError } from "../errors.ts";
import { FakeClock } from "../fake-clock.ts";
import { newId } from "../new-id.ts";
import type { PipelineService, StartBuildRequest } from "../pipelines/pipeline-service.ts";
import type { Repositories } from "../repositories/repositories.ts";
import { openStore } from "../store/open-store.ts";
import type { PipelineRecord, ProjectRecord } from "../store/project-record.ts";
import { newBuild, SNAPSHOT } from "../store/store.fixture.ts";
import type { Store } from "../store/store.ts";
import { silentLogger } from "../telemetry/logger.ts";
import type { ScheduleParts } from "./schedule-parts.ts";
import { ScheduleRunner } from "./schedule-runner.ts";

const POLL = { timeout: 10_000, interval: 2 };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse("2026-01-01T00:00:30Z");

describe("schedules", () => {
  let clock: FakeClock;
  let store: Store;
  let project: ProjectRecord;
  let pipeline: PipelineRecord;
  /** The files at the default branch; undefined: the origin cannot be reached. */
  let files: Map<string, string> | undefined;
  /** What `startPipelineBuild` rejects with. */
  let refusal: Error | undefined;
  let requests: StartBuildRequest[];
  const runners: ScheduleRunner[] = [];

  beforeEach(async () => {
    clock = new FakeClock();
    clock.advance(START);
    store = await openStore({ kind: "sqlite", file: ":memory:" }, { clock, logger: silentLogger });
    const times = { createdAt: clock.now(), updatedAt: clock.now() };
    project = await store.projects.createProject({
      id: newId(clock.now()),
      name: "team/demo",
      repositoryUrl: "/srv/demo",
      defaultBranch: "main",
      settings: {},
      ...times,
    });
    pipeline = await store.projects.createPipeline({
      id: newId(clock.now()),
      projectId: project.id,
      name: "Nightly",
      path: ".workflows/nightly.yml",
      enabled: true,
      ...times,
    });
    files = new Map();
    refusal = undefined;
    requests = [];
  });
  afterEach(async () => {
    await Promise.all(runners.splice(0).map((runner) => runner.stop()));
    await store.close();
  });

  function write(...crons: string[]): void {
    const lines = crons.map((cron) => `    - ${cron}`);
    const on = crons.length === 0 ? "on: push" : `on:\n  schedule:\n${lines.join("\n")}`;
    files?.set(pipeline.path, `${on}\njobs:\n  a:\n    runs-on: any\n    steps:\n      - run: true\n`);
  }

  const repositories: Pick<Repositories, "resolve" | "readFile"> = {
    async resolve() {
      if (files === undefined) throw new ExecError("Transient", "The origin cannot be reached.");
      return { ref: "refs/heads/main", sha: "0".repeat(40), commit };
    },
    readFile: async (_project, _sha, path) => files?.get(path),
  };

  const pipelines: Pick<PipelineService, "listPipelines" | "startPipelineBuild"> = {
    listPipelines: async (_caller, id) => store.projects.listPipelines(id),
    async startPipelineBuild(caller, request) {
      requests.push(request);
      if (refusal !== undefined) throw refusal;
      const id = request.buildId ?? "";
      const details = { id, trigger: "schedule", event: "schedule", actor: caller.name } as const;
      return store.builds.create(newBuild(clock, request.projectId, details), SNAPSHOT);
    },
  };

  function start(change: Partial<ScheduleParts> = {}): ScheduleRunner {
    const runner = new ScheduleRunner({
      store,
      repositories,
      pipelines,
      clock,
      logger: silentLogger,
      ...change,
    });
    runners.push(runner);
    runner.start();
    return runner;
  }

  const builds = async () => [...(await store.builds.list({}, { limit: 200 })).items].reverse();
  const nextTimes = async () =>
    (await store.schedules.list(pipeline.id)).map(({ nextAt }) => new Date(nextAt).toISOString());
  /** Until the runners wait for their next minute and their next look at the files. */
  const idle = () =>
    vi.waitFor(() => {
      expect(clock.pending).toBe(2 * runners.length);
    }, POLL);

  async function pass(ms: number, stepMs = MINUTE): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance(Math.min(stepMs, ms - passed));
      await new Promise(setImmediate);
      await idle();
    }
  }

  it("start a build whenever they are due, with their cron line", async () => {
    write("cron: '*/15 * * * *'", "cron: '30 0 * * *'");
    start();
    await idle();
    await pass(35 * MINUTE);
    expect(requests.map(({ schedule }) => schedule).sort()).toEqual([
      "*/15 * * * *",
      "*/15 * * * *",
      "30 0 * * *",
    ]);
    expect(requests[0]).toEqual({
      projectId: project.id,
      pipeline: pipeline.id,
      event: "schedule",
      trigger: "schedule",
      schedule: "*/15 * * * *",
      buildId: expect.any(String),
    });
    expect(await builds()).toMatchObject([
      { trigger: "schedule", event: "schedule", actor: "schedule" },
      { trigger: "schedule" },
      { trigger: "schedule" },
    ]);
    expect(await nextTimes()).toEqual(["2026-01-01T00:45:00.000Z", "2026-01-02T00:30:00.000Z"]);
  });

  it("fire within their minute", async () => {
    write("cron: '5 0 * * *'");
    start();
    await idle();
    await pass(5 * MINUTE - 30_000 - 1_000, 1_000);
    expect(requests).toEqual([]);
    await pass(2_000, 1_000);
    expect(requests).toHaveLength(1);
  });

  it("fire once with two servers at once", async () => {
    write("cron: '*/5 * * * *'");
    start();
    start();
    await idle();
    await pass(31 * MINUTE);
    expect(await builds()).toHaveLength(6);
  });

  it("fire once where a server went away between the build and the next time", async () => {
    write("cron: '*/5 * * * *'");
    const dying: Store["schedules"] = {
      ...store.schedules,
      fire: async () => {
        throw new Error("the server went away");
      },
    };
    start({ store: { projects: store.projects, schedules: dying } });
    await idle();
    await pass(5 * MINUTE);
    expect(await builds()).toHaveLength(1);
    await runners.splice(0)[0]?.stop();
    start();
    await idle();
    expect(requests.length).toBeGreaterThan(1);
    expect(await builds()).toHaveLength(1);
    expect(await nextTimes()).toEqual(["2026-01-01T00:10:00.000Z"]);
  });

  it("fire once at the start for all times that were missed", async () => {
    write("cron: '*/5 * * * *'");
    start();
    await idle();
    await runners.splice(0)[0]?.stop();
    clock.advance(26 * HOUR);
    start();
    await idle();
    expect(await builds()).toHaveLength(1);
    expect(await nextTimes()).toEqual(["2026-01-02T02:05:00.000Z"]);
  });

  it.each([
    // The clock goes from 02:00 to 03:00: 02:30 is not, and comes due once, after the gap.
    ["cron: '30 2 * * *'", "2026-03-29T00:00:00Z", ["2026-03-29T01:00:00.000Z"]],
    // It goes from 03:00 back to 02:00: 02:30 is twice, and comes due once.
    ["cron: '30 2 * * *'", "2026-10-25T00:00:00Z", ["2026-10-25T00:30:00.000Z"]],
  ])("fire once on a day whose hours change: %s on %s", async (cron, day, expected) => {
    clock.advance(Date.parse(day) - 2 * HOUR - clock.now());
    write(`${cron}, timezone: Europe/Berlin`.replace("cron:", "{cron:").concat("}"));
    start();
    await idle();
    await pass(20 * HOUR, 10 * MINUTE);
    // The time they were due at is in the id.
    const dueAt = requests.map(({ buildId = "" }) =>
      Number.parseInt(buildId.replace("-", "").slice(0, 12), 16),
    );
    expect(dueAt.map((at) => new Date(at).toISOString())).toEqual(expected);
  });

  it("keep to the time zone they name", async () => {
    write(
      "{cron: '0 9 * * *', timezone: Asia/Tokyo}",
      "{cron: '0 9 * * *', timezone: America/New_York}",
      "cron: '0 9 * * *'",
    );
    start();
    await idle();
    expect(await nextTimes()).toEqual([
      "2026-01-01T09:00:00.000Z",
      "2026-01-01T14:00:00.000Z",
      "2026-01-02T00:00:00.000Z",
    ]);
  });

  it("follow the file at the default branch", async () => {
    write("cron: '*/10 * * * *'");
    const runner = start();
    await idle();
    expect(await nextTimes()).toEqual(["2026-01-01T00:10:00.000Z"]);
    write("cron: '*/10 * * * *'", "cron: '7 * * * *'");
    await runner.syncSchedules(project, pipeline);
    expect(await nextTimes()).toEqual(["2026-01-01T00:07:00.000Z", "2026-01-01T00:10:00.000Z"]);
    // Looked at again just before it fires.
    write("cron: '7 * * * *'");
    await pass(11 * MINUTE);
    expect(requests.map(({ schedule }) => schedule)).toEqual(["7 * * * *"]);
    files?.delete(pipeline.path);
    await pass(2 * HOUR);
    expect(requests).toHaveLength(1);
    expect(await nextTimes()).toEqual([]);
  });

  it("find new ones by themselves", async () => {
    write();
    start();
    await idle();
    await pass(MINUTE);
    write("cron: '*/10 * * * *'");
    await pass(6 * MINUTE);
    expect(await nextTimes()).toEqual(["2026-01-01T00:10:00.000Z"]);
  });

  it("rest while their pipeline is disabled, and end with it", async () => {
    write("cron: '*/10 * * * *'");
    start();
    await idle();
    await store.projects.updatePipeline(pipeline.id, { enabled: false });
    await pass(25 * MINUTE);
    expect(requests).toEqual([]);
    await store.projects.updatePipeline(pipeline.id, { enabled: true });
    await pass(15 * MINUTE);
    expect(requests).toHaveLength(1);
    await store.projects.deletePipeline(pipeline.id);
    await pass(25 * MINUTE);
    expect(requests).toHaveLength(1);
  });

  it("stay while their file has mistakes", async () => {
    write("cron: '*/10 * * * *'");
    start();
    await idle();
    files?.set(pipeline.path, "on: [\n");
    refusal = new ExecError("InvalidSpec", "The file has a mistake.");
    await pass(21 * MINUTE);
    expect(requests).toHaveLength(2);
    refusal = undefined;
    write("cron: '*/10 * * * *'");
    await pass(10 * MINUTE);
    expect(await builds()).toHaveLength(1);
  });

  it("leave out a line that never comes due", async () => {
    write("cron: '0 0 30 2 *'", "cron: '*/10 * * * *'");
    start();
    await idle();
    expect(await nextTimes()).toEqual(["2026-01-01T00:10:00.000Z"]);
  });

  it.each(["the origin", "the start of builds"])("wait for %s, and then fire once", async (what) => {
    write("cron: '*/5 * * * *'");
    start();
    await idle();
    const kept = files;
    if (what === "the origin") files = undefined;
    else refusal = new ExecError("Transient", "The queue cannot be reached.");
    await pass(8 * MINUTE);
    expect(await builds()).toEqual([]);
    files = kept;
    refusal = undefined;
    await pass(MINUTE);
    expect(await builds()).toHaveLength(1);
    expect(await nextTimes()).toEqual(["2026-01-01T00:10:00.000Z"]);
  });

  it("go on with the others where one cannot start", async () => {
    write("cron: '*/5 * * * *'", "{cron: '*/5 * * * *', timezone: Asia/Tokyo}");
    let count = 0;
    start({
      pipelines: {
        ...pipelines,
        async startPipelineBuild(caller, request) {
          count += 1;
          if (count === 1) throw new Error("broken");
          return pipelines.startPipelineBuild(caller, request);
        },
      },
    });
    await idle();
    await pass(5 * MINUTE);
    expect(await builds()).toHaveLength(1);
    await pass(MINUTE);
    expect(await builds()).toHaveLength(2);
  });

  it("wait for the records", async () => {
    write("cron: '*/5 * * * *'");
    let isAway = false;
    const schedules: Store["schedules"] = {
      ...store.schedules,
      due: async (now, limit) => {
        if (isAway) throw new ExecError("Transient", "The records cannot be reached.");
        return store.schedules.due(now, limit);
      },
    };
    start({ store: { projects: store.projects, schedules } });
    await idle();
    isAway = true;
    await pass(6 * MINUTE);
    expect(requests).toEqual([]);
    isAway = false;
    await pass(MINUTE);
    expect(await builds()).toHaveLength(1);
  });

  it("leave no timer behind when they stop", async () => {
    write("cron: '*/5 * * * *'");
    start();
    await idle();
    await runners.splice(0)[0]?.stop();
    expect(clock.pending).toBe(0);
  });
});

const commit = {
  message: "A commit",
  authorName: "A",
  authorEmail: "a@example.org",
  committerName: "A",
  committerEmail: "a@example.org",
  tree: "1".repeat(40),
  parents: [],
  committedAt: "2026-01-01T00:00:00Z",
};
