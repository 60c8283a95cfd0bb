import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { expression, mapping, run, uses, when } from "./steps.ts";

const MAY_FAIL = { continueOnError: true };

/** What becomes of steps and jobs: results, exit codes, signals, conditions. */
export const resultCases: readonly ConformanceCase[] = [
  {
    title: "reports a job that succeeds, in gapless frames that end with the one that says so",
    run: async (trial) => {
      const request = trial.request([run("echo hello"), run("echo world")]);
      const job = await trial.startRequest(request);
      expect(await trial.end(job)).toMatchObject({ type: "job.finished", result: "success", outputs: {} });
      const { frames } = trial.said;
      expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
      expect(frames[0]).toMatchObject({
        type: "job.started",
        workspace: trial.place.paths(request).workspace,
      });
      expect(trial.said.of("job.finished")).toHaveLength(1);
      expect(frames.at(-1)?.type).toBe("job.finished");
      expect(trial.said.outcomes()).toEqual(["success/success", "success/success"]);
    },
  },
  {
    title: "reports a job without a step as a success",
    run: async (trial) => {
      expect((await trial.run([])).result).toBe("success");
    },
  },
  {
    title: "reports a failing step with its exit code and skips what follows",
    run: async (trial) => {
      expect((await trial.run([run("exit 37"), run("echo never")])).result).toBe("failure");
      expect(trial.said.steps()[0]).toMatchObject({ outcome: "failure", exitCode: 37 });
      expect(trial.said.outcomes()).toEqual(["failure/failure", "skipped/skipped"]);
    },
  },
  {
    title: "reports every exit code as it is, 0 to 255",
    run: async (trial) => {
      const codes = [0, 1, 2, 126, 127, 128, 130, 137, 255];
      await trial.run(codes.map((code) => run(`exit ${code}`, { continueOnError: true })));
      expect(trial.said.steps().map(({ exitCode }) => exitCode)).toEqual(codes);
    },
  },
  {
    title: "reports a step that a signal ended with the signal's name",
    run: async (trial) => {
      const signals = ["KILL", "TERM", "SEGV", "HUP"];
      const steps = signals.map((signal) => run(`kill -${signal} $$`, { continueOnError: true }));
      await trial.run(steps);
      expect(trial.said.steps().map(({ outcome, signal }) => `${outcome} ${signal}`)).toEqual(
        signals.map((signal) => `failure SIG${signal}`),
      );
    },
  },
  {
    title: "reports a step whose own child a signal ended with the shell's exit code for it",
    run: async (trial) => {
      await trial.run([run("sh -c 'kill -KILL $$'")]);
      expect(trial.said.steps()[0]).toMatchObject({ outcome: "failure", exitCode: 137 });
    },
  },
  {
    title: "goes on after a failure that the step allows",
    run: async (trial) => {
      const final = await trial.run([run("exit 1", { continueOnError: true }), run("true")]);
      expect(final.result).toBe("success");
      expect(trial.said.outcomes()).toEqual(["failure/success", "success/success"]);
    },
  },
  {
    title: "runs steps for failures and always, and those alone, after a failure",
    run: async (trial) => {
      await trial.run([
        run("exit 1"),
        run("true", when("failure()")),
        run("true"),
        run("true", when("always()")),
        run("true", when("cancelled()")),
      ]);
      expect(trial.said.outcomes()).toEqual([
        "failure/failure",
        "success/success",
        "skipped/skipped",
        "success/success",
        "skipped/skipped",
      ]);
    },
  },
  {
    title: "evaluates expressions with the contexts it is given",
    run: async (trial) => {
      const github = { ...trial.place.request("job").contexts.github, event: { n: 7 } };
      await trial.run(
        [run(expression("format('echo {0}-{1}', matrix.os, github.event.n)"))],
        trial.withContexts({ matrix: { os: "linux" }, github }),
      );
      expect(trial.said.printed()).toBe("linux-7\n");
    },
  },
  {
    title: "gives each of a hundred steps its number and its own log, in their order",
    run: async (trial) => {
      const steps = Array.from({ length: 100 }, (_, index) => run(`echo step-${index}`));
      expect((await trial.run(steps)).result).toBe("success");
      const printed = steps.map((_, index) => trial.said.printed(index));
      expect(printed).toEqual(steps.map((_, index) => `step-${index}\n`));
      const started = trial.said.of("step.started").map(({ step }) => step);
      expect(started).toEqual(started.toSorted((a, b) => a - b));
    },
  },
  {
    title: "reports annotations with their places, and summaries",
    run: async (trial) => {
      await trial.run([
        run(
          `echo "::error file=a.c,line=3,col=5,title=T::bad%0Athing"; echo '# Süm' >> "$GITHUB_STEP_SUMMARY"`,
        ),
      ]);
      expect(trial.said.of("annotation")).toMatchObject([
        { level: "error", message: "bad\nthing", file: "a.c", line: 3, column: 5, title: "T" },
      ]);
      expect(trial.said.of("summary")[0]?.markdown).toBe("# Süm\n");
    },
  },
  {
    title: "shows names of steps in any script, and what is left of the others when one fails",
    run: async (trial) => {
      await trial.run([
        run("true", { name: "Größe → 大きさ 😀" }),
        run("exit 1", { name: expression("format('nach {0}', 'dem ersten ✓')") }),
        run("true", { name: "never ✗" }),
      ]);
      const names = trial.said.steps().map(({ name }) => name);
      expect([names[0], names[2]]).toEqual(["Größe → 大きさ 😀", "never ✗"]);
      expect(trial.said.of("step.started").map(({ name }) => name)).toContain("nach dem ersten ✓");
    },
  },
  {
    title: "fails a step that cannot be run, and says what is not there",
    run: async (trial) => {
      const wrong = [
        [run("true", { shell: "no-such-shell", ...MAY_FAIL }), /no-such-shell/],
        [run("true", { workingDirectory: "nowhere", ...MAY_FAIL }), /nowhere/],
        [run(expression("fromJSON('{')"), MAY_FAIL), /fromJSON|JSON/i],
        [uses("./no-such-action", MAY_FAIL), /no-such-action/],
        [run("no-such-program", MAY_FAIL), /no-such-program/],
      ] as const;
      await trial.run(wrong.map(([step]) => step));
      const steps = trial.said.steps();
      expect(steps.map(({ outcome }) => outcome)).toEqual(wrong.map(() => "failure"));
      for (const [index, [, message]] of wrong.entries())
        expect(trial.said.text(steps[index]?.step) + (steps[index]?.error ?? "")).toMatch(message);
    },
  },
  {
    title: "fails a job whose own settings are broken, with no step run",
    run: async (trial) => {
      const final = await trial.run([run("echo never")], {
        env: [mapping({ A: expression("fromJSON('{')") })],
      });
      expect(final.result).toBe("failure");
      expect(trial.said.text()).not.toContain("never");
    },
  },
];
