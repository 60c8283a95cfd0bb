import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClaimedBuild } from "../../store/build-store.ts";
import { type Platform, settled } from "../worker/worker.fixture.ts";
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

describe("decide", () => {
  let claimed: ClaimedBuild;

  beforeEach(async () => {
    await service.createBuild(requestOf("b1"));
    claimed = await trial.claim("b1");
    const { store, clock } = platform;
    for (const [id, environment, reviewers] of [
      ["a1", "Staging", ["ann", "bob"]],
      ["a2", "production", ["ann"]],
    ] as const) {
      const approval = { id, buildId: "b1", jobKey: id, environment, reviewers, createdAt: clock.now() };
      await store.approvals.request(claimed.lease, { ...approval, expiresAt: clock.now() + 60 * SECOND });
    }
  });

  const asked = { buildId: "b1", override: false, approve: true } as const;
  const summary = (decided: Awaited<ReturnType<ExecutorService["decide"]>>) =>
    decided.map(({ id, state, decidedBy }) => [id, state, decidedBy]);

  it("decides for every job that the reviewer may decide for, and tells", async () => {
    const events = await trial.heard("approval.decided");
    expect(summary(await service.decide({ ...asked, by: "bob", comment: "fine" }))).toEqual([
      ["a1", "approved", "bob"],
    ]);
    await settled();
    expect(events).toEqual([{ type: "approval.decided", buildId: "b1", approvalId: "a1" }]);
    const states = (await platform.store.approvals.list("b1")).map(({ id, state, comment }) => [
      id,
      state,
      comment,
    ]);
    expect(states).toEqual([
      ["a1", "approved", "fine"],
      ["a2", "waiting", undefined],
    ]);
  });

  it("decides for one environment, without regard to case, and against it", async () => {
    const decided = await service.decide({ ...asked, by: "Ann", environment: "staging", approve: false });
    expect(summary(decided)).toEqual([["a1", "rejected", "Ann"]]);
  });

  it("lets an admin decide whoever the reviewers are", async () => {
    expect(summary(await service.decide({ ...asked, by: "root", override: true }))).toEqual([
      ["a1", "approved", "root"],
      ["a2", "approved", "root"],
    ]);
  });

  it("changes nothing where the same was decided, and gives that", async () => {
    await service.decide({ ...asked, by: "ann", environment: "staging" });
    const events = await trial.heard("approval.decided");
    const again = await service.decide({ ...asked, by: "bob", environment: "staging" });
    expect(summary(again)).toEqual([["a1", "approved", "ann"]]);
    await settled();
    expect(events).toEqual([]);
  });

  it.each([
    ["who is no reviewer", { by: "eve" }, "Forbidden"],
    ["who is none of that environment", { by: "bob", environment: "production" }, "Forbidden"],
    ["where no job waits for that environment", { by: "ann", environment: "moon" }, "NotFound"],
  ])("rejects one %s", async (_, more, code) => {
    await expect(service.decide({ ...asked, ...more })).rejects.toMatchObject({ code });
  });

  it("rejects the other decision afterwards", async () => {
    await service.decide({ ...asked, by: "ann" });
    await expect(service.decide({ ...asked, by: "ann", approve: false })).rejects.toMatchObject({
      code: "Conflict",
      message: expect.stringContaining("was approved"),
    });
  });

  it("rejects what comes too late: its time is over, or its build", async () => {
    platform.clock.advance(61 * SECOND);
    await expect(service.decide({ ...asked, by: "ann" })).rejects.toMatchObject({ code: "Conflict" });
    await platform.store.builds.heartbeat("w", [claimed.lease], 30_000);
    await trial.end(claimed, "failed");
    await expect(service.decide({ ...asked, by: "ann" })).rejects.toMatchObject({ code: "Conflict" });
  });

  it("rejects with `NotFound` for a build that is not there", async () => {
    await expect(service.decide({ ...asked, buildId: "none", by: "ann" })).rejects.toMatchObject({
      code: "NotFound",
    });
  });
});
