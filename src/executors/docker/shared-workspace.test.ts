import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobRequest } from "../../protocol/job-request.ts";
import { Recording } from "../conformance/recording.ts";
import { run } from "../conformance/steps.ts";
import { dockerPlace } from "./docker-place.fixture.ts";

describe("a workspace that the jobs of a build share", { timeout: 60_000 }, () => {
  let place: Awaited<ReturnType<typeof dockerPlace>>;
  beforeEach(async () => {
    place = await dockerPlace({ mode: "volume" });
  });
  afterEach(async () => {
    expect(await place.leftovers()).toEqual([]);
    await place.close();
  });

  const job = async (jobKey: string, script: string, more: Partial<JobRequest> = {}) => {
    const said = new Recording();
    const request = place.request(jobKey);
    const placement = {
      ...{ labels: [], services: [], stepImages: [], clone: true, sharedWorkspace: true },
      container: { image: place.images.plain, env: {}, ports: [], volumes: [], options: "" },
    };
    const running = await place.executor.start(
      { ...request, placement, steps: [run(script)], ...more },
      said.sink,
      said.note,
    );
    expect(await running.ended).toMatchObject({ kind: "reported", final: { result: "success" } });
    await running.release?.();
    return said.printed();
  };

  it("is where the one before left it, and goes when the build is over", async () => {
    await job("one", "pwd; echo built > file; mkdir -p deep/er && chmod 700 deep");
    expect(await job("two", "pwd; cat file; ls -d deep/er")).toBe("/workspace\nbuilt\ndeep/er\n");
    expect(await job("three", "ls", { buildId: "another" })).toBe("");
    expect(await place.leftovers()).toHaveLength(2);
    await place.executor.releaseBuild?.("another");
    await place.executor.releaseBuild?.("build");
    await place.executor.releaseBuild?.("build");
  });

  it("is swept where nobody did that, and not while the build runs", async () => {
    await job("one", "echo built > file");
    await job("one", "true", { buildId: "over" });
    const nobody = async () => false;
    await place.executor.sweep?.(nobody);
    await place.executor.sweep?.(nobody, async (build) => build === "build");
    expect(await place.leftovers()).toHaveLength(1);
    expect(await job("two", "cat file")).toBe("built\n");
    await place.executor.sweep?.(nobody, nobody);
  });
});
