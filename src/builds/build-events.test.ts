import { describe, expect, test } from "vitest";
import type { BuildEvent } from "./build-event.ts";
import { fakeBuild, startFakeBuild } from "./testing/fake-build.ts";

const log = (events: readonly BuildEvent[]) =>
  events.flatMap((event) => (event.type === "log" ? [Buffer.from(event.data).toString()] : [])).join("");

describe("the events of a build", () => {
  test("are one sequence from its start to its end", async () => {
    const { events } = await fakeBuild(
      `
      name: CI
      run-name: "Run of \${{ github.event_name }}"
      jobs:
        a: { run: "hello\\nexit 0" }`,
    );
    expect(
      events.map(({ v, seq, at, buildId, ...body }) => `${v} ${seq} ${at} ${buildId} ${body.type}`),
    ).toEqual([
      "1 1 1000 b1 build.started",
      "1 2 1000 b1 job.added",
      "1 3 0 b1 job.started",
      "1 4 0 b1 step.added",
      "1 5 0 b1 step.started",
      "1 6 0 b1 log",
      "1 7 0 b1 step.finished",
      "1 8 1000 b1 job.finished",
      "1 9 1000 b1 build.finished",
    ]);
    expect(events[0]).toMatchObject({
      file: "ci.yml",
      workflow: "CI",
      title: "Run of push",
      event: "push",
      ref: "refs/heads/main",
      sha: "abc",
    });
  });

  test("have the file for a name where there is none, and warn of a run-name that cannot be evaluated", async () => {
    const { events } = await fakeBuild(`{ run-name: "\${{ fromJSON('{') }}", jobs: {} }`);
    expect(events[0]).toMatchObject({ title: "ci.yml", workflow: "ci.yml" });
    expect(events[1]).toMatchObject({
      type: "warning",
      message: expect.stringContaining("ci.yml:1:1: run-name: "),
    });
    expect(events.at(-1)).toMatchObject({ type: "build.finished", result: "success" });
  });

  test("add a matrix as a group before its legs, and name what was only known later", async () => {
    const { events } = await fakeBuild(`
      jobs:
        a: { run: exit 0 }
        m: { needs: a, strategy: { matrix: { n: [1] } }, run: exit 0 }
        late: { needs: a, name: "after \${{ needs.a.result }}", run: exit 0 }`);
    const added = events.flatMap((event) => (event.type === "job.added" ? [event] : []));
    expect(added).toMatchObject([
      { job: "a", kind: "job", needs: [] },
      { job: "m", kind: "group", needs: ["a"] },
      { job: "late", kind: "job", name: "late" },
      { job: "m[0]", jobId: "m", name: "m (1)", kind: "job", legOf: "m", matrix: { n: 1 }, needs: ["a"] },
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "job.started", job: "late", name: "after success" }),
    );
    expect(events.find((event) => event.type === "job.started" && event.job === "a")).not.toHaveProperty(
      "name",
    );
  });

  test("say why a job was skipped", async () => {
    const { events } = await fakeBuild(`
      jobs:
        fails: { run: exit 1 }
        direct: { needs: fails }
        between: { needs: fails, if: always() }
        further: { needs: between }
        own: { if: github.ref == 'x' }
        own-after: { needs: between, if: failure() && github.ref == 'x' }`);
    const reasons = events.flatMap((event) =>
      event.type === "job.finished" && event.reason ? [`${event.job}: ${event.reason}`] : [],
    );
    expect(reasons).toEqual([
      "own: its condition is false: success() && (github.ref == 'x')",
      "direct: it needs 'fails', which failed",
      "further: a job before those it needs did not succeed",
      "own-after: its condition is false: failure() && github.ref == 'x'",
    ]);
  });

  test("say nothing twice that was delivered twice", async () => {
    const { events } = await fakeBuild('{ jobs: { a: { run: "twice\\nhello\\nexit 0" } } }');
    expect(log(events)).toBe("hello\n");
  });

  test("say what never arrived, and go on", async () => {
    const { events, jobs } = await fakeBuild(
      '{ jobs: { a: { run: "one\\nskip 1\\ntwo\\nskip 3\\nthree" } } }',
    );
    expect(jobs).toEqual({ a: "success" });
    expect(log(events)).toBe(
      [
        "one",
        "##[warning]Frame 5 of this job never arrived: a part of its log or of its steps is missing here.",
        "two",
        "##[warning]Frames 7 to 9 of this job never arrived: a part of its log or of its steps is missing here.",
        "three\n",
      ].join("\n"),
    );
  });

  test("hold up the step that prints while they are not taken", async () => {
    const gate = Promise.withResolvers<void>();
    const seen: BuildEvent[] = [];
    const build = startFakeBuild('{ jobs: { a: { run: "one\\ntwo" }, b: { run: other } } }', {
      sink: (event) => {
        seen.push(event);
        return event.type === "log" && event.job === "a" ? gate.promise : undefined;
      },
    });
    await expect
      .poll(() => seen.some((event) => event.type === "job.finished" && event.job === "b"))
      .toBe(true);
    expect(log(seen.filter((event) => "job" in event && event.job === "a"))).toBe("one\n");
    gate.resolve();
    await build.end;
    expect(log(seen.filter((event) => "job" in event && event.job === "a"))).toBe("one\ntwo\n");
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("the disk is full");
      },
    ],
    ["rejects", () => Promise.reject(new Error("the disk is full"))],
  ])("that a sink %s at end the build, with everything it started", async (_how, refuse) => {
    const build = startFakeBuild(
      '{ jobs: { a: { run: "stubborn\\nhold never" }, b: { run: hello }, c: { needs: a, if: always() } } }',
      { sink: (event) => (event.type === "log" ? refuse() : undefined) },
    );
    await expect(build.end).rejects.toThrow("the disk is full");
    expect(build.executor.running).toEqual([]);
    expect(build.executor.requests.map(({ jobKey }) => jobKey)).toEqual(["a", "b"]);
  });
});

describe("only some jobs", () => {
  const YAML = `
    jobs:
      a: { run: exit 0 }
      b: { needs: a, strategy: { matrix: { os: [linux, mac], v: [1, 2] } }, run: exit 0 }
      c: { needs: b, run: exit 0 }
      d: { run: exit 0 }`;

  test.each([
    [
      "B",
      { jobs: ["B"], matrix: { OS: ["mac"], v: ["1", "2"], none: ["x"] } },
      ["a", "b", "b (mac, 1)", "b (mac, 2)"],
    ],
    ["a and d", { jobs: ["d", "a"] }, ["a", "d"]],
  ])("are run with what they need: %s", async (_what, only, jobs) => {
    const build = await fakeBuild(YAML, { only });
    expect(Object.keys(build.jobs).sort()).toEqual(jobs);
    expect(build.result).toBe("success");
  });

  test("keep their place in the whole matrix", async () => {
    const build = await fakeBuild(YAML, { only: { jobs: ["b"], matrix: { os: ["mac"], v: ["2"] } } });
    expect(build.executor.requests.at(-1)?.contexts.strategy).toMatchObject({
      "job-index": 3,
      "job-total": 4,
    });
  });

  test("are skipped where no leg is left", async () => {
    const build = await fakeBuild(YAML, { only: { matrix: { os: ["plan9"] } } });
    expect(build.jobs).toEqual({ a: "success", b: "skipped", c: "skipped", d: "success" });
  });

  test("that do not exist are an error", async () => {
    const build = await fakeBuild("{ jobs: { build: {} } }", { only: { jobs: ["biuld"] } });
    expect(build.result).toBe("failure");
    expect(build.error).toContain("There is no job 'biuld'.");
    expect(build.jobs).toEqual({});
  });
});

describe("a spec without a plan", () => {
  test.each([
    ["needs in a circle", "{ a: { needs: b }, b: { needs: a } }", "circle"],
    ["needs that do not exist", "{ a: { needs: x } }", "'a' needs 'x', which does not exist"],
  ])("with %s fails the build before anything runs", async (_what, jobs, message) => {
    const build = await fakeBuild(`{ jobs: ${jobs} }`);
    expect(build.result).toBe("failure");
    expect(build.error).toContain(message);
    expect(build.jobs).toEqual({});
  });
});
