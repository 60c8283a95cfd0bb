import { describe, expect, it } from "vitest";
import type { JobRequest } from "../protocol/job-request.ts";
import { FakeExecutor } from "./fake/fake-executor.ts";
import { LazyExecutor } from "./lazy-executor.ts";

const request = {
  buildId: "b",
  jobKey: "j",
  attempt: 1,
  steps: [],
  contexts: {},
  directories: { workspace: "/w" },
} as unknown as JobRequest;

describe("an executor that is loaded when it is needed", () => {
  it("is not opened to be asked what it takes, nor to be closed", async () => {
    let opened = 0;
    const lazy = new LazyExecutor({
      name: "docker",
      sharesFolders: true,
      refuses: ({ container }) => (container ? undefined : "only containers"),
      open: async () => {
        opened += 1;
        return new FakeExecutor();
      },
    });
    const needs = { labels: [], container: false, services: false };
    expect([lazy.refuses(needs), lazy.refuses({ ...needs, container: true })]).toEqual([
      "only containers",
      undefined,
    ]);
    expect([lazy.name, lazy.sharesFolders]).toEqual(["docker", true]);
    await lazy.close();
    expect(opened).toBe(0);
  });

  it("is opened once for all jobs, and again where it could not be", async () => {
    const inner = new FakeExecutor();
    const failures = [new Error("no daemon")];
    let opened = 0;
    const lazy = new LazyExecutor({
      name: "fake",
      refuses: () => undefined,
      open: async () => {
        opened += 1;
        const failure = failures.pop();
        if (failure !== undefined) throw failure;
        return inner;
      },
    });
    await expect(lazy.start(request, () => {})).rejects.toThrow("no daemon");
    const jobs = await Promise.all([lazy.start(request, () => {}), lazy.start(request, () => {})]);
    expect((await jobs[0]?.ended)?.kind).toBe("reported");
    expect(inner.requests).toHaveLength(2);
    expect(opened).toBe(2);
    await lazy.close();
  });
});
