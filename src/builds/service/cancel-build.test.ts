import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Platform, settled } from "../worker/worker.fixture.ts";
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

describe("cancelBuild", () => {
  it.each(["pending", "queued"] as const)("ends a build that is %s at once", async (state) => {
    const { id } =
      state === "pending" ? await platform.record("one") : await service.createBuild(requestOf("b1"));
    const events = await trial.heard("build.changed", "build.cancel");
    const build = await service.cancelBuild(id, "not needed");
    expect(build).toMatchObject({ status: "cancelled", cancelReason: "not needed" });
    await settled();
    expect(events).toMatchObject([{ type: "build.changed", status: "cancelled" }]);
  });

  it("notes the wish of one that runs, and tells its worker, each time", async () => {
    await service.createBuild(requestOf("b1"));
    await trial.claim("b1");
    const events = await trial.heard("build.changed", "build.cancel");
    expect(await service.cancelBuild("b1", "first")).toMatchObject({
      status: "running",
      cancelReason: "first",
    });
    expect(await service.cancelBuild("b1", "second")).toMatchObject({
      status: "running",
      cancelReason: "first",
    });
    await settled();
    expect(events).toEqual([
      { type: "build.cancel", buildId: "b1", reason: "first" },
      { type: "build.cancel", buildId: "b1", reason: "first" },
    ]);
  });

  it.each(["succeeded", "failed"] as const)("leaves one alone that has %s", async (state) => {
    await service.createBuild(requestOf("b1"));
    await trial.end(await trial.claim("b1"), state);
    const events = await trial.heard("build.changed", "build.cancel");
    expect((await service.cancelBuild("b1", "too late")).status).toBe(state);
    expect((await service.cancelBuild("b1", "too late")).cancelReason).toBeUndefined();
    await settled();
    expect(events).toEqual([]);
  });

  it("rejects with `NotFound` for a build that is not there", async () => {
    await expect(service.cancelBuild("none", "x")).rejects.toMatchObject({ code: "NotFound" });
  });
});
