import { describe, expect, it } from "vitest";
import type { Executor, JobNeeds } from "../../executors/executor.ts";
import type { BuildRecord } from "../../store/build-record.ts";
import type { JobEnvironment, PlacedJob } from "../build-options.ts";
import type { JobHost } from "./job-host.ts";
import { joinJobHosts } from "./job-hosts.ts";

interface Host extends JobHost {
  readonly calls: string[];
}

function host(name: Executor["name"], refuses: (needs: JobNeeds) => string | undefined): Host {
  const calls: string[] = [];
  const executor: Executor = {
    name,
    refuses,
    start: () => Promise.reject(new Error("not asked for")),
    attach: async () => undefined,
  };
  return {
    calls,
    executor,
    jobEnvironment: async () => ({ baseEnv: { HOST: name } }) as unknown as JobEnvironment,
    buildEnded: async (buildId) => void calls.push(`ended ${buildId}`),
    sweep: async () => void calls.push("sweep"),
    close: async () => void calls.push("close"),
  };
}

const local = host("local", ({ labels, container }) =>
  container ? "no containers." : labels.includes("gpu") ? "no gpu." : undefined,
);
const docker = host("docker", ({ labels }) => (labels.includes("gpu") ? "no image for gpu." : undefined));
const kubernetes = host("kubernetes", ({ labels }) => (labels.includes("big") ? undefined : "only big."));
const needs = (more: Partial<JobNeeds> = {}): JobNeeds => ({
  labels: [],
  container: false,
  services: false,
  ...more,
});

describe("the places of a worker", () => {
  const hosts = joinJobHosts([local, docker, kubernetes]);

  it("take a job in their order", () => {
    expect(hosts.chooseExecutor(needs())).toBe(local.executor);
    expect(joinJobHosts([docker, local]).chooseExecutor(needs())).toBe(docker.executor);
  });

  it("take a job that the first of them cannot run", () => {
    expect(hosts.chooseExecutor(needs({ container: true }))).toBe(docker.executor);
    expect(joinJobHosts([local, kubernetes]).chooseExecutor(needs({ labels: ["gpu", "big"] }))).toBe(
      kubernetes.executor,
    );
  });

  it("run a job in the image it would rather have, where one of them can, and else without", () => {
    expect(hosts.chooseExecutor(needs({ prefersImage: true }))).toBe(docker.executor);
    expect(joinJobHosts([local]).chooseExecutor(needs({ prefersImage: true }))).toBe(local.executor);
  });

  it("say each why not, where none takes it", () => {
    expect(hosts.chooseExecutor(needs({ labels: ["gpu"] }))).toEqual({
      fail: "local: no gpu. docker: no image for gpu. kubernetes: only big.",
    });
  });

  it("leave it to the only one to say why not", () => {
    expect(joinJobHosts([local]).chooseExecutor(needs({ container: true }))).toBe(local.executor);
  });

  it("ask the host of the job's executor for its environment", async () => {
    const job = { executor: "docker" } as PlacedJob;
    expect((await hosts.jobEnvironment({} as BuildRecord, job)).baseEnv).toEqual({ HOST: "docker" });
    await expect(joinJobHosts([local]).jobEnvironment({} as BuildRecord, job)).rejects.toThrow("docker");
  });

  it("hear of a build's end, are swept and closed together", async () => {
    await hosts.buildEnded("7");
    await hosts.sweep();
    await hosts.close();
    expect([local, docker, kubernetes].map(({ calls }) => calls)).toEqual(
      Array(3).fill(["ended 7", "sweep", "close"]),
    );
  });
});
