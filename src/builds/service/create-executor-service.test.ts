import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { LogSink } from "../../logs/log-sink.ts";
import type { QueueClient } from "../../queue/queue-client.ts";
import { type Platform, settled, until } from "../worker/worker.fixture.ts";
import type { ExecutorService } from "./executor-service.ts";
import { requestOf, ServiceTrial } from "./service-trial.fixture.ts";

const SECOND = 1_000;
let trial: ServiceTrial;
let platform: Platform;
let service: ExecutorService;

beforeEach(async () => {
  trial = await ServiceTrial.open();
  ({ platform, service } = trial);
});
afterEach(() => trial.close());

function queueWith(publishBuild: QueueClient["publishBuild"]): QueueClient {
  return new Proxy<QueueClient>(platform.queue, {
    get: (target, name) => {
      if (name === "publishBuild") return publishBuild;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("createBuild", () => {
  it("records the build and its snapshot, publishes it, and has it queued", async () => {
    const events = await trial.heard("build.changed");
    const build = await service.createBuild(requestOf("b1"));
    expect(build).toMatchObject({
      id: "b1",
      number: 1,
      attempt: 1,
      status: "queued",
      queuedAt: platform.clock.now(),
    });
    expect(await platform.store.builds.snapshot("b1")).toEqual({
      buildId: "b1",
      file: "ci.yml",
      content: "jobs: {}",
      github: requestOf("b1").github,
      inputs: { where: "there" },
      vars: { A: "1" },
    });
    expect((await platform.queue.stats()).ready).toBe(1);
    await settled();
    expect(events).toEqual([
      {
        type: "build.changed",
        buildId: "b1",
        projectId: "one",
        version: build.version,
        status: "queued",
        changes: [{ kind: "build", id: "b1", status: "queued" }],
      },
    ]);
  });

  it("gives the same build for the same id, and no second message", async () => {
    const first = await service.createBuild(requestOf("b1"));
    expect(await service.createBuild(requestOf("b1"))).toEqual(first);
    expect((await platform.queue.stats()).ready).toBe(1);
  });

  it("rejects an id that another project's build has", async () => {
    await service.createBuild(requestOf("b1"));
    const other = service.createBuild(requestOf("b1", { projectId: "two", pipelineId: "two-ci" }));
    await expect(other).rejects.toMatchObject({ code: "Conflict" });
  });

  it("rejects with `NotFound` for a project that is not there", async () => {
    await expect(service.createBuild(requestOf("b1", { projectId: "none" }))).rejects.toMatchObject({
      code: "NotFound",
    });
  });

  it("answers with a pending build where the queue refuses it, which asking again publishes", async () => {
    const refused = () => Promise.reject(new ExecError("Transient", "the broker is away"));
    const build = await trial.serviceWith({ queue: queueWith(refused) }).createBuild(requestOf("b1"));
    expect(build.status).toBe("pending");
    expect((await service.createBuild(requestOf("b1"))).status).toBe("queued");
    expect((await platform.queue.stats()).ready).toBe(1);
  });

  it("waits no longer for the queue than it should", async () => {
    const silent = trial.serviceWith({
      queue: queueWith(() => new Promise(() => {})),
      publishLimitMs: 3 * SECOND,
    });
    const building = silent.createBuild(requestOf("b1"));
    await until(() => platform.clock.pending === 1);
    platform.clock.advance(3 * SECOND);
    expect((await building).status).toBe("pending");
  });
});

describe("getBuild and listBuilds", () => {
  it("show a build with its jobs, and what it is one of", async () => {
    await service.createBuild(requestOf("b1"));
    const claimed = await trial.claim("b1");
    await trial.addJob(claimed, "test");
    const view = await service.getBuild("b1");
    expect(view.build.status).toBe("running");
    expect(view.jobs.map(({ key, status }) => [key, status])).toEqual([["test", "running"]]);
    expect([view.steps, view.approvals, view.annotations, view.warnings]).toEqual([[], [], [], []]);
    expect((await service.listBuilds({ projectId: "one" }, { limit: 10 })).items.map(({ id }) => id)).toEqual(
      ["b1"],
    );
    await expect(service.getBuild("none")).rejects.toMatchObject({ code: "NotFound" });
  });
});

describe("a job that was not run again", () => {
  it("is shown with the steps of the attempt that ran it", async () => {
    await service.createBuild(requestOf("b1"));
    await service.createBuild(requestOf("b2"));
    const [first, second] = [await trial.claim("b1"), await trial.claim("b2")];
    const jobId = await trial.addJob(first, "test");
    await trial.addStep(first, jobId);
    const job = {
      id: "b2:test",
      buildId: "b2",
      key: "test",
      jobId: "test",
      name: "test",
      kind: "job",
    } as const;
    await platform.store.builds.advance(second.lease, [
      {
        kind: "job-added",
        job: { ...job, needs: [], position: 1, attempt: 1, createdAt: 1, carriedFrom: jobId },
      },
    ]);
    expect((await service.getBuild("b2")).steps.map(({ id }) => id)).toEqual(["s1"]);
  });
});

describe("streamLogs", () => {
  it("reads a step's log, and rejects with `NotFound` for a step that is not there", async () => {
    const logs: Pick<LogSink, "stream"> = {
      async *stream(ref, { offset = 0, follow }) {
        yield { offset, at: 1, data: Buffer.from(`${ref.id} ${follow}`) };
      },
    };
    const reading = trial.serviceWith({ logs });
    await service.createBuild(requestOf("b1"));
    const claimed = await trial.claim("b1");
    const jobId = await trial.addJob(claimed, "test");
    await trial.addStep(claimed, jobId);
    const { signal } = new AbortController();
    const read = async (stepId: string) => {
      const pieces = [];
      for await (const piece of reading.streamLogs({ stepId, offset: 7, follow: true }, signal))
        pieces.push(piece);
      return pieces.map(({ offset, data }) => [offset, Buffer.from(data).toString()]);
    };
    expect(await read("s1")).toEqual([[7, "s1 true"]]);
    await expect(read("none")).rejects.toMatchObject({ code: "NotFound" });
  });
});
