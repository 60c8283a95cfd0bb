import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lazyServices } from "./lazy-services.ts";
import { JOB, JobClient } from "./services.fixture.ts";
import type { Services } from "./services.ts";

describe("lazyServices", () => {
  let folder: string;
  let services: Services;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "slipway-lazy-"));
    services = lazyServices({ directory: join(folder, "artifacts"), clock: Date.now });
  });
  afterEach(async () => {
    await services.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("starts nothing and makes nothing before a job asks", async () => {
    await services.revoke(JOB);
    expect(await services.listArtifacts("build-1")).toEqual([]);
    await services.close();
    expect(await readdir(folder)).toEqual([]);
  });

  it("starts one service for all jobs that ask at once", async () => {
    const given = await Promise.all(["a", "b"].map((jobKey) => services.servicesFor({ ...JOB, jobKey })));
    expect(given[0]?.resultsUrl).toBe(given[1]?.resultsUrl);
  });

  it("lists what was uploaded through the service, and refuses a revoked job", async () => {
    const job = new JobClient(await services.servicesFor(JOB));
    await job.upload("a", "x");
    expect(await services.listArtifacts("build-1")).toMatchObject([{ name: "a" }]);
    await services.revoke(JOB);
    expect((await job.artifact("ListArtifacts")).status).toBe(401);
  });

  it("gives nothing after close", async () => {
    await services.close();
    await expect(services.servicesFor(JOB)).rejects.toMatchObject({ code: "Cancelled" });
  });

  it("tries again after a start that failed", async () => {
    const broken = lazyServices({ directory: "/dev/null/x", clock: Date.now });
    for (let i = 0; i < 2; i++) {
      await expect(broken.servicesFor(JOB)).rejects.toMatchObject({ name: "ExecError" });
    }
    await broken.close();
  });
});
