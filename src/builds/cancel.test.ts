import { describe, expect, test } from "vitest";
import type { BuildClock } from "./build-clock.ts";
import { ConcurrencyGroups } from "./concurrency-groups.ts";
import { hurriedClock, resultsOf, startFakeBuild, stillClock } from "./testing/fake-build.ts";

const running = (job: string) => (event: { type: string; job?: string }) =>
  event.type === "step.started" && event.job === job;

describe("a cancelled build", () => {
  test("cancels what runs and starts only what asks for it", async () => {
    const build = startFakeBuild(`
      jobs:
        long: { run: hold never }
        after: { needs: long, run: exit 0 }
        always: { needs: long, if: always(), run: exit 0 }
        cancelled: { needs: long, if: cancelled(), run: exit 0 }
        unless: { needs: long, if: "!cancelled()", run: exit 0 }
        either: { needs: long, if: success() || failure(), run: exit 0 }`);
    await build.seen(running("long"));
    build.cancel();
    expect((await build.end).result).toBe("cancelled");
    expect(resultsOf(build.events)).toEqual({
      long: "cancelled",
      after: "cancelled",
      always: "success",
      cancelled: "success",
      unless: "cancelled",
      either: "cancelled",
    });
    const ends = build.events.filter(
      (event) => event.type === "job.finished" && event.result === "cancelled",
    );
    for (const end of ends) {
      expect(end).toMatchObject({ reason: "The build was cancelled." });
      expect(end).not.toHaveProperty("error");
    }
  });

  test("leaves a running job alone whose if still holds", async () => {
    const build = startFakeBuild(`
      jobs:
        deploy: { if: always(), run: "hold gate\\nexit 0" }
        test: { if: "!cancelled()", run: hold never }`);
    await build.seen(running("deploy"));
    await build.seen(running("test"));
    build.cancel();
    await build.seen((event) => event.type === "job.finished" && event.job === "test");
    build.executor.open("gate");
    await build.end;
    expect(resultsOf(build.events)).toEqual({ deploy: "success", test: "cancelled" });
  });

  test("cancels legs that wait for their turn, and jobs that wait for a slot", async () => {
    const build = startFakeBuild(
      `
      jobs:
        legs: { strategy: { max-parallel: 1, matrix: { n: [1, 2] } }, run: hold never }
        other: { run: hold never }`,
      { maxJobs: 1 },
    );
    await build.seen(running("legs[0]"));
    build.cancel();
    await build.end;
    expect(resultsOf(build.events)).toEqual({
      legs: "cancelled",
      "legs (1)": "cancelled",
      "legs (2)": "cancelled",
      other: "cancelled",
    });
    expect(build.executor.requests).toHaveLength(1);
  });

  test("cancels called workflows from within; a caller with always() calls as usual", async () => {
    const build = startFakeBuild(
      `
      jobs:
        call: { uses: ./long.yml }
        cleanup: { needs: call, if: always(), uses: ./cleanup.yml }`,
      {
        workflows: {
          "./long.yml": `{ on: workflow_call, jobs: { a: { run: hold never }, b: { needs: a, if: always() }, c: { needs: a } } }`,
          "./cleanup.yml": `{ on: workflow_call, jobs: { d: { run: exit 0 }, e: { if: cancelled() }, f: { if: "!cancelled()" } } }`,
        },
      },
    );
    await build.seen(running("call/a"));
    build.cancel();
    await build.end;
    expect(resultsOf(build.events)).toEqual({
      call: "cancelled",
      "call / a": "cancelled",
      "call / b": "success",
      "call / c": "cancelled",
      cleanup: "success",
      "cleanup / d": "success",
      "cleanup / e": "success",
      "cleanup / f": "skipped",
    });
  });

  test("that is killed ends at once, and nothing more is started, whatever it asks for", async () => {
    const build = startFakeBuild(`
      jobs:
        stubborn: { run: "stubborn\\nhold never" }
        always: { needs: stubborn, if: always(), run: exit 0 }`);
    await build.seen(running("stubborn"));
    build.cancel();
    build.kill();
    expect((await build.end).result).toBe("cancelled");
    expect(resultsOf(build.events)).toEqual({ stubborn: "cancelled", always: "cancelled" });
  });

  test("that waits for its group runs nothing and leaves the queue", async () => {
    const concurrency = new ConcurrencyGroups();
    const start = (buildId: string) =>
      startFakeBuild("{ concurrency: c, jobs: { a: { if: always(), run: hold a } } }", {
        concurrency,
        buildId,
      });
    const [first, second] = [start("first"), start("second")];
    await second.seen(({ type }) => type === "build.waiting");
    second.cancel();
    expect((await second.end).result).toBe("cancelled");
    first.executor.open("a");
    await first.end;
    expect(second.executor.requests).toEqual([]);
    const third = start("third");
    third.executor.open("a");
    expect((await third.end).result).toBe("success");
  });

  test("does not wait for a workflow that is being loaded", async () => {
    const loading = Promise.withResolvers<void>();
    let aborted = false;
    const build = startFakeBuild("{ jobs: { call: { uses: ./c.yml } } }", {
      loadWorkflow: (_uses, _from, signal) => {
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        loading.resolve();
        return new Promise(() => {});
      },
    });
    await loading.promise;
    build.cancel();
    await build.end;
    expect(resultsOf(build.events)).toEqual({ call: "cancelled" });
    expect(aborted).toBe(true);
  });

  test("before it began runs nothing but what asks for it", async () => {
    const build = startFakeBuild(`jobs: { a: { run: exit 0 }, b: { if: always(), run: exit 0 } }`, {
      signal: AbortSignal.abort(),
    });
    expect((await build.end).result).toBe("cancelled");
    expect(resultsOf(build.events)).toEqual({ a: "cancelled", b: "success" });
  });

  test("kills a runner that outstays its cancel budget", async () => {
    const waits: number[] = [];
    const clock: BuildClock = {
      ...stillClock,
      wait: (ms, signal) => {
        waits.push(ms);
        return hurriedClock.wait(ms, signal);
      },
    };
    const build = startFakeBuild(
      `jobs: { a: { cancel-timeout-minutes: 0.5, run: "stubborn\\nhold never" } }`,
      { clock },
    );
    await build.seen(running("a"));
    build.cancel();
    await build.end;
    expect(waits).toEqual([60_000]);
    expect(resultsOf(build.events)).toEqual({ a: "cancelled" });
  });
});

describe("fail-fast", () => {
  test("cancels legs that run, not other jobs", async () => {
    const build = startFakeBuild(`
      jobs:
        m: { strategy: { matrix: { n: [0, 1] } }, run: "hold g\${{ matrix.n }}\\nexit \${{ matrix.n }}" }
        other: { run: "hold other" }`);
    await build.seen(running("m[0]"));
    await build.seen(running("m[1]"));
    build.executor.open("g1");
    await build.seen((event) => event.type === "job.finished" && event.job === "m");
    build.executor.open("other");
    expect((await build.end).result).toBe("failure");
    expect(resultsOf(build.events)).toEqual({
      m: "failure",
      "m (0)": "cancelled",
      "m (1)": "failure",
      other: "success",
    });
  });
});
