import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ExecError } from "../../errors.ts";
import type { Executor, IsLiveJob } from "../../executors/executor.ts";
import { FakeClock } from "../../fake-clock.ts";
import { silentLogger } from "../../telemetry/logger.ts";
import { containerJobHost } from "./container-job-host.ts";
import type { JobHost } from "./job-host.ts";
import { build, jobCalled } from "./local-job-host.fixture.ts";

const MINUTE = 60_000;
let clock: FakeClock;
let swept: IsLiveJob[];
let closed: number;
let failing: boolean;
let host: JobHost;
const isLive: IsLiveJob = async () => true;

beforeEach(() => {
  clock = new FakeClock();
  swept = [];
  closed = 0;
  failing = false;
  const executor: Executor = {
    name: "docker",
    refuses: () => undefined,
    start: () => Promise.reject(new Error("not asked for")),
    attach: async () => undefined,
    sweep: async (live) => {
      swept.push(live);
      if (failing) throw new ExecError("Transient", "the daemon is away");
      return 1;
    },
    close: async () => {
      closed += 1;
      if (failing) throw new Error("broken");
    },
  };
  host = containerJobHost({
    executor,
    name: "machine",
    actions: { url: "https://example.org", local: {}, offline: true },
    sourceOf: async ({ projectId }, { jobKey }) => ({
      repository: `owner/${projectId}`,
      serverUrl: "https://slipway.test",
      url: `https://slipway.test/git/${projectId}.git`,
      token: `token-of-${jobKey}`,
    }),
    isLive,
    clock,
    logger: silentLogger,
  });
});
afterEach(async () => await host.close());

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a host of containers", () => {
  it("gives a job the folders of its container, and its repository by a token of its own", async () => {
    const environment = await host.jobEnvironment(build, jobCalled("test"));
    expect(environment).toMatchObject({
      baseEnv: {},
      directories: { workspace: "/__w/app/app", temp: "/__w/_temp", actionCache: "/__w/_actions" },
      runner: { name: "machine", os: "Linux", nodePath: "/slipway/bin/node" },
      checkout: { repository: "owner/app", source: { kind: "git", token: "token-of-test" }, bound: false },
      masks: ["token-of-test"],
    });
  });

  it("has what dead jobs left removed, when it is told and every five minutes", async () => {
    await host.sweep();
    expect(swept).toEqual([isLive]);
    for (let round = 2; round <= 4; round++) {
      clock.advance(5 * MINUTE);
      await settled();
      expect(swept).toHaveLength(round);
    }
  });

  it("goes on looking after it could not", async () => {
    failing = true;
    await host.sweep();
    clock.advance(5 * MINUTE);
    await settled();
    expect(swept).toHaveLength(2);
    await host.close();
    expect(closed).toBe(1);
  });

  it("looks no more once it is closed", async () => {
    await host.close();
    clock.advance(20 * MINUTE);
    await settled();
    expect(swept).toEqual([]);
    expect(closed).toBe(1);
  });
});
