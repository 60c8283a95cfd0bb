import { describe, expect, test } from "vitest";
import { ExecError } from "../errors.ts";
import { FakeExecutor } from "../executors/fake/fake-executor.ts";
import type { BuildEvent } from "./build-event.ts";
import type { JobServicesSource } from "./build-options.ts";
import { fakeBuild, hurriedClock, resultsOf, startFakeBuild } from "./testing/fake-build.ts";

const REFUSAL = "it needs the docker or kubernetes executor";
const refusing = { executorOptions: { refusal: REFUSAL } };

function finished(events: readonly BuildEvent[], job: string) {
  return events.find((event) => event.type === "job.finished" && event.job === job);
}

describe("choosing an executor", () => {
  test.each([
    ["ubuntu-latest", ["ubuntu-latest"], undefined],
    ["[self-hosted, linux]", ["self-hosted", "linux"], undefined],
    ["{ group: big, labels: [a] }", ["a"], "big"],
    ["{ group: big }", [], "big"],
    ['"${{ vars.RUNNER }}"', ["from-vars"], undefined],
    [`"\${{ fromJSON('[\\"a\\",\\"b\\"]') }}"`, ["a", "b"], undefined],
  ])("asks for the labels of runs-on: %s", async (runsOn, labels, group) => {
    const asked: unknown[] = [];
    await fakeBuild(`{ jobs: { a: { runs-on: ${runsOn} } } }`, {
      vars: { RUNNER: "from-vars" },
      chooseExecutor: (needs) => {
        asked.push([needs.labels, needs.group]);
        return new FakeExecutor();
      },
    });
    expect(asked).toEqual([[labels, group]]);
  });

  test("a label nobody serves skips the job or fails it, with the reason", async () => {
    const build = await fakeBuild(
      "{ jobs: { a: { runs-on: windows }, b: { runs-on: mars }, c: { needs: a }, d: { runs-on: '' } } }",
      {
        chooseExecutor: ({ labels: [label] }) =>
          label === "windows" ? { skip: "windows is not here" } : { fail: `nobody serves ${label}` },
      },
    );
    expect(build.jobs).toEqual({ a: "skipped", b: "failure", c: "skipped", d: "failure" });
    expect(finished(build.events, "a")).toMatchObject({ reason: "windows is not here" });
    expect(finished(build.events, "b")).toMatchObject({ error: "nobody serves mars" });
    expect(finished(build.events, "d")).toMatchObject({ error: "ci.yml:1:1: runs-on: it names no label" });
  });

  test("a chooser that throws fails the job, not the build's caller", async () => {
    const build = await fakeBuild("{ jobs: { a: {} } }", {
      chooseExecutor: () => {
        throw new Error("no idea");
      },
    });
    expect(finished(build.events, "a")).toMatchObject({ result: "failure", error: "Error: no idea" });
  });

  test.each([
    ["container: alpine", `ci.yml:1:1: container alpine: ${REFUSAL}`],
    ["container: { image: 'docker://alpine' }", `ci.yml:1:1: container alpine: ${REFUSAL}`],
    ["services: { db: { image: pg }, none: { image: '' } }", `ci.yml:1:1: services db: ${REFUSAL}`],
    [
      "container: { image: alpine, credentials: { username: a, password: '${{ secrets.p }}' }, env: { A: '${{ job.status }}' } }",
      `ci.yml:1:1: container alpine: ${REFUSAL}`,
    ],
    [
      "services: { db: { image: pg, credentials: { username: a, password: '${{ secrets.p }}' } } }",
      `ci.yml:1:1: services db: ${REFUSAL}`,
    ],
    ["container: ''", undefined],
    ["container: { image: \"${{ '' }}\" }", undefined],
    ['services: { db: { image: "${{ vars.none }}" } }', undefined],
  ])("a job with %s", async (key, error) => {
    const build = await fakeBuild(`{ jobs: { a: { ${key}, run: exit 0 } } }`, refusing);
    const end = finished(build.events, "a");
    if (error === undefined) expect(end).toMatchObject({ result: "success" });
    else expect(end).toMatchObject({ result: "failure", error });
    expect(build.executor.requests).toHaveLength(error === undefined ? 1 : 0);
  });

  const PLATFORM =
    '{ jobs: { a: { image: node:24 }, b: { needs: a, image: "${{ vars.IMAGE }}:${{ secrets.TAG }}" } } }';

  test("images that are only wished for are warned of once, all of them", async () => {
    const build = await fakeBuild(PLATFORM, {
      ...refusing,
      vars: { IMAGE: "alpine" },
      secrets: { TAG: "t4g" },
    });
    expect(build.result).toBe("success");
    const warnings = build.events.filter(({ type }) => type === "warning");
    expect(warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining("node:24, alpine:***") }),
    ]);
  });

  test("images that are only wished for are refused where the build is strict", async () => {
    const build = await fakeBuild(PLATFORM, { ...refusing, strict: true });
    expect(build.jobs).toEqual({ a: "failure", b: "skipped" });
    expect(finished(build.events, "a")).toMatchObject({
      error: `ci.yml:1:1: image node:24: ${REFUSAL}`,
    });
  });

  test("images an executor can use are no matter of warning", async () => {
    const build = await fakeBuild(PLATFORM, { strict: true });
    expect(build.result).toBe("success");
    expect(build.events.filter(({ type }) => type === "warning")).toEqual([]);
  });
});

describe("a job request", () => {
  test("holds the contexts of its job, and only those", async () => {
    const build = await fakeBuild(
      `
      name: CI
      env: { A: top }
      jobs:
        plan:
          steps: [{ id: s, run: o=1 }]
          outputs: { o: "\${{ steps.s.outputs.o }}" }
        unrelated: { run: exit 0 }
        test:
          needs: plan
          name: "Test \${{ matrix.v }}"
          strategy: { fail-fast: false, max-parallel: 2, matrix: { v: [20, 24], include: [{ v: 24, extra: yes }] } }
          env: { B: job }
          timeout-minutes: 0.5
          environment: { name: "env-\${{ matrix.v }}", url: "\${{ steps.x.outputs.url }}" }
          run: exit 0`,
      {
        vars: { V: "w" },
        inputs: { i: true },
        secrets: { S: "s3cret", GITHUB_TOKEN: "t0ken" },
      },
    );
    const request = build.executor.requests.find(({ jobKey }) => jobKey === "test[1]");
    expect(request).toMatchObject({
      protocolVersion: 1,
      buildId: "b1",
      jobKey: "test[1]",
      jobId: "test",
      displayName: "Test 24",
      attempt: 1,
      timeoutMs: 30_000,
      cancelTimeoutMs: 300_000,
      masks: [],
      env: [
        { kind: "mapping", entries: [{ key: "A", value: "top" }] },
        { kind: "mapping", entries: [{ key: "B", value: "job" }] },
      ],
      environmentUrl: { kind: "expression", source: "steps.x.outputs.url" },
      directories: { workspace: "/w/test[1]" },
    });
    expect(request?.contexts).toEqual({
      github: {
        event_name: "push",
        ref: "refs/heads/main",
        sha: "abc",
        repository: "owner/repo",
        workflow: "CI",
        job: "test",
        token: "t0ken",
      },
      vars: { V: "w" },
      inputs: { i: true },
      secrets: { S: "s3cret", github_token: "t0ken" },
      needs: { plan: { result: "success", outputs: { o: "1" } } },
      strategy: { "fail-fast": false, "job-index": 1, "job-total": 2, "max-parallel": 2 },
      matrix: { v: 24, extra: "yes" },
    });
    expect(build.events).toContainEqual(
      expect.objectContaining({
        type: "job.started",
        job: "test[1]",
        environment: "env-24",
        workspace: "/w/test[1]",
      }),
    );
  });

  test("of a job without a matrix has the strategy GitHub gives it, 360 minutes and no token", async () => {
    const build = await fakeBuild("{ jobs: { a: {} } }");
    const [request] = build.executor.requests;
    expect(request?.timeoutMs).toBe(360 * 60_000);
    expect(request?.contexts).toMatchObject({ matrix: null, secrets: {} });
    expect(request?.contexts.strategy).toEqual({
      "fail-fast": true,
      "job-index": 0,
      "job-total": 1,
      "max-parallel": 1,
    });
    expect(request?.contexts.github).not.toHaveProperty("token");
  });

  test.each([
    ["timeout-minutes: '5'", "timeout-minutes: Unexpected value '5': expected a number"],
    ["timeout-minutes: -1", "timeout-minutes: Unexpected value '-1': it cannot be negative"],
    ["environment: [x]", "environment: Unexpected value"],
    [
      "strategy: { matrix: { a: [1] }, max-parallel: many }",
      "strategy.max-parallel: Unexpected value 'many'",
    ],
    ["strategy: { matrix: { a: [1] }, fail-fast: 1 }", "strategy.fail-fast: Unexpected value '1'"],
    ['name: "${{ nothing.here }}"', "name: "],
  ])("is never made for a job with %s", async (key, error) => {
    const build = await fakeBuild(`{ jobs: { a: { ${key} } } }`);
    expect(build.result).toBe("failure");
    expect(build.executor.requests).toEqual([]);
    const errors = build.events.flatMap((event) =>
      event.type === "job.finished" ? [event.error ?? ""] : [],
    );
    expect(errors.join("\n")).toContain(error);
  });

  test("offers services to jobs with actions or an id token, and takes the tokens back", async () => {
    const calls: string[] = [];
    const services: JobServicesSource = {
      servicesFor: async ({ jobKey, permissions, environment, jobWorkflowRef }) => {
        calls.push(JSON.stringify({ jobKey, permissions, environment, jobWorkflowRef }));
        return { resultsUrl: "r/", cacheUrl: "c/", runtimeUrl: "u/", runtimeToken: "t" };
      },
      revoke: async ({ jobKey, attempt }) => {
        calls.push(`revoke ${jobKey} ${attempt}`);
      },
    };
    const build = await fakeBuild(
      `
      permissions: { contents: read, id-token: write }
      jobs:
        a: { permissions: { contents: read }, run: exit 0 }
        b: { needs: a, permissions: {}, environment: prod, steps: [{ uses: actions/cache@v4 }] }
        c: { needs: b, uses: ./c.yml }`,
      { services, workflows: { "./c.yml": "{ on: workflow_call, jobs: { d: {} } }" } },
    );
    expect(build.result).toBe("success");
    expect(calls).toEqual([
      '{"jobKey":"b","permissions":{},"environment":"prod"}',
      "revoke b 1",
      '{"jobKey":"c/d","permissions":{"contents":"read","id-token":"write"},"jobWorkflowRef":"owner/repo/./c.yml@refs/heads/main"}',
      "revoke c/d 1",
    ]);
    expect(build.executor.requests.map(({ services: given }) => given?.runtimeToken)).toEqual([
      undefined,
      "t",
      "t",
    ]);
  });
});

describe("a lost place", () => {
  const infrastructureRetry = { limit: 2, delayMs: (attempt: number) => attempt * 1000 };

  test("is not the job's fault: it is tried again, with a wait, and steps are numbered anew", async () => {
    const build = await fakeBuild('{ jobs: { a: { run: "lose 2" }, b: { needs: a } } }', {
      infrastructureRetry,
      clock: hurriedClock,
    });
    expect(build.jobs).toEqual({ a: "success", b: "success" });
    const attempts = build.events.flatMap((event) =>
      event.type === "job.started" ? [`${event.job} ${event.attempt}`] : [],
    );
    expect(attempts).toEqual(["a 1", "a 2", "a 3", "b 1"]);
    const waits = build.events.flatMap((event) => (event.type === "job.waiting" ? [event.reason] : []));
    expect(waits).toEqual([
      "its place was lost (the place was lost); attempt 2 in 2 s",
      "its place was lost (the place was lost); attempt 3 in 3 s",
    ]);
  });

  test.each([
    ["beyond the limit", '"lose 3"', { infrastructureRetry }, "the place was lost", 3],
    ["without a policy", '"lose 1"', {}, "the place was lost", 1],
    ["before it was there, beyond the limit", "no place", { infrastructureRetry }, "no place for it", 0],
  ])("%s fails the job", async (_when, run, options, error, attempts) => {
    const build = await fakeBuild(`{ jobs: { a: { run: ${run} } } }`, { ...options, clock: hurriedClock });
    expect(build.jobs).toEqual({ a: "failure" });
    expect(finished(build.events, "a")).toMatchObject({ error });
    expect(build.executor.requests).toHaveLength(attempts);
  });

  test("a failing step is never tried again", async () => {
    const build = await fakeBuild("{ jobs: { a: { run: exit 1 } } }", {
      infrastructureRetry,
      clock: hurriedClock,
    });
    expect(build.executor.requests).toHaveLength(1);
  });

  test("an environment that cannot be made fails the job, at once where trying again is of no use", async () => {
    let asked = 0;
    const build = await fakeBuild("{ jobs: { a: {} } }", {
      infrastructureRetry,
      clock: hurriedClock,
      jobEnvironment: () => {
        asked += 1;
        throw new ExecError("Permanent", "the disk is full");
      },
    });
    expect(finished(build.events, "a")).toMatchObject({ result: "failure", error: "the disk is full" });
    expect(asked).toBe(1);
  });

  test("is not waited for once the build was cancelled", async () => {
    const build = startFakeBuild('{ jobs: { a: { run: "lose 2" } } }', { infrastructureRetry });
    await build.seen(({ type }) => type === "job.waiting");
    build.cancel();
    await build.end;
    expect(resultsOf(build.events)).toEqual({ a: "cancelled" });
    expect(build.executor.requests).toHaveLength(1);
  });
});
