import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { marked, run, when } from "./steps.ts";

/** Jobs and steps that take too long. */
export const timeoutCases: readonly ConformanceCase[] = [
  {
    title: "ends a job that takes too long as failed, says why, and lets steps for always() run",
    run: async (trial) => {
      const marker = trial.marker();
      const final = await trial.run(
        [marked(marker, "echo begun; exec sleep 60"), run("echo cleaning", when("always()"))],
        { timeoutMs: 1_500 },
      );
      expect(final.result).toBe("failure");
      expect(final.error).toMatch(/time|long|exceeded/i);
      expect(trial.said.printed(1)).toBe("cleaning\n");
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "ends a step that takes too long, fractions of minutes included",
    run: async (trial) => {
      const final = await trial.run([
        run("exec sleep 60", { timeoutMinutes: 0.005 }),
        run("true", when("failure()")),
      ]);
      expect(final.result).toBe("failure");
      expect(trial.said.outcomes()).toEqual(["failure/failure", "success/success"]);
    },
  },
  {
    title: "goes on after a step that took too long, where it may fail",
    run: async (trial) => {
      const slow = run("trap 'echo out of time; exit 0' INT; while :; do sleep 0.02; done", {
        timeoutMinutes: 0.01,
        continueOnError: true,
      });
      expect((await trial.run([slow, run("echo on")])).result).toBe("success");
      expect(trial.said.printed(0)).toContain("out of time\n");
      expect(trial.said.outcomes()).toEqual(["failure/success", "success/success"]);
    },
  },
  {
    title: "leaves a job in peace that ends within its time",
    run: async (trial) => {
      const final = await trial.run([run("echo quick", { timeoutMinutes: 5 })], { timeoutMs: 300_000 });
      expect(final.result).toBe("success");
    },
  },
];
