import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Platform } from "../worker/worker.fixture.ts";
import type { ExecutorService } from "./executor-service.ts";
import { requestOf, ServiceTrial } from "./service-trial.fixture.ts";

let trial: ServiceTrial;
let platform: Platform;
let service: ExecutorService;

beforeEach(async () => {
  trial = await ServiceTrial.open();
  ({ platform, service } = trial);
});
afterEach(() => trial.close());

describe("rerunBuild", () => {
  async function failedBuild(id = "b1"): Promise<void> {
    await service.createBuild(requestOf(id));
    const claimed = await trial.claim(id);
    await trial.endJob(claimed, await trial.addJob(claimed, "build"), "success");
    await trial.endJob(claimed, await trial.addJob(claimed, "test", ["build"]), "failure");
    await trial.end(claimed, "failed");
  }

  it("makes the next attempt from the same snapshot, published, by whoever asked", async () => {
    await failedBuild();
    const again = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "all" } });
    const first = await platform.store.builds.get("b1");
    expect(again).toMatchObject({
      attempt: 2,
      rootId: "b1",
      number: first.number,
      runId: first.runId,
      status: "queued",
      trigger: "rerun",
      actor: "bob",
      event: "workflow_dispatch",
      title: "Try it",
    });
    expect(await platform.store.builds.snapshot(again.id)).toEqual({
      ...(await platform.store.builds.snapshot("b1")),
      buildId: again.id,
      github: { event_name: "workflow_dispatch", actor: "ann", triggering_actor: "bob" },
    });
    expect(first.status).toBe("failed");
  });

  it("has debug logs where they are asked for, in that attempt alone", async () => {
    await failedBuild();
    const varsOf = async (debug?: boolean) => {
      const asked = { buildId: "b1", actor: "bob", what: { kind: "all" } as const };
      const again = await service.rerunBuild(debug === undefined ? asked : { ...asked, debug });
      await trial.end(await trial.claim(again.id), "failed");
      return (await platform.store.builds.snapshot(again.id)).vars;
    };
    const { vars } = await platform.store.builds.snapshot("b1");
    expect(await varsOf(true)).toEqual({
      ...vars,
      ACTIONS_STEP_DEBUG: "true",
      ACTIONS_RUNNER_DEBUG: "true",
    });
    expect(await varsOf(false)).toEqual(vars);
    expect(await varsOf()).toEqual(vars);
  });

  it("carries what succeeded, where only what failed is to run", async () => {
    await failedBuild();
    const again = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    expect((await platform.store.builds.snapshot(again.id)).carried).toEqual([
      { key: "build", jobId: "b1:build", outcome: "success", outputs: { made: "b1:build" } },
    ]);
  });

  it("goes on from the newest attempt: what ran in an earlier one is still named by that", async () => {
    await failedBuild();
    const second = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    const claimed = await trial.claim(second.id);
    const { lease } = claimed;
    const at = platform.clock.now();
    const carried = {
      id: `${second.id}:build`,
      buildId: second.id,
      key: "build",
      jobId: "build",
      name: "build",
    };
    const job = { ...carried, kind: "job", needs: [], position: 1, attempt: 1, createdAt: at } as const;
    await platform.store.builds.advance(lease, [
      { kind: "job-added", job: { ...job, status: "queued", carriedFrom: "b1:build" } },
      { kind: "job-changed", job: job.id, to: "running", at },
      { kind: "job-changed", job: job.id, to: "succeeded", at, result: "success", outcome: "success" },
    ]);
    await trial.endJob(claimed, await trial.addJob(claimed, "test", ["build"]), "failure");
    await trial.end(claimed, "failed");
    const third = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "failed" } });
    expect(third.attempt).toBe(3);
    const snapshot = await platform.store.builds.snapshot(third.id);
    expect(snapshot.carried).toMatchObject([{ key: "build", jobId: "b1:build" }]);
  });

  it("rejects with `Conflict` while an attempt has not ended, whichever is named", async () => {
    await failedBuild();
    const second = await service.rerunBuild({ buildId: "b1", actor: "bob", what: { kind: "all" } });
    for (const buildId of ["b1", second.id]) {
      const asked = service.rerunBuild({ buildId, actor: "eve", what: { kind: "all" } });
      await expect(asked).rejects.toMatchObject({
        code: "Conflict",
        message: expect.stringContaining("Attempt 2"),
      });
    }
  });

  it("makes one attempt of two that are asked for at the same time", async () => {
    await failedBuild();
    const asked = ["bob", "eve"].map((actor) =>
      service.rerunBuild({ buildId: "b1", actor, what: { kind: "all" } }),
    );
    const states = (await Promise.allSettled(asked)).map(({ status }) => status);
    expect(states.toSorted()).toEqual(["fulfilled", "rejected"]);
    expect(await platform.store.builds.attempts("b1")).toHaveLength(2);
    expect((await platform.queue.stats()).ready).toBe(2);
  });

  it.each([
    ["an unknown job", { kind: "job", key: "tset" } as const, "InvalidSpec", "Did you mean 'test'?"],
    ["an unknown build", { kind: "all" } as const, "NotFound", ""],
  ])("rejects for %s, and makes nothing", async (_, what, code, text) => {
    await failedBuild();
    const buildId = code === "NotFound" ? "none" : "b1";
    const asked = service.rerunBuild({ buildId, actor: "bob", what });
    await expect(asked).rejects.toMatchObject({ code, message: expect.stringContaining(text) });
    expect(await platform.store.builds.attempts("b1")).toHaveLength(1);
  });
});
