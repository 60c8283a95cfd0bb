import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { FOREVER, marked, run, uses, when, writes } from "./steps.ts";

/** Ignores what asks it to end. */
const STUBBORN = "trap '' INT TERM; echo ready; while :; do sleep 0.05; done";

/** A job is cancelled or killed at any moment, any number of times. */
export const cancelCases: readonly ConformanceCase[] = [
  {
    title:
      "cancels in a step: it is interrupted and may say a last word, steps for always() run, the rest is skipped",
    run: async (trial) => {
      const job = await trial.start([
        run("trap 'echo last word; exit 9' INT; echo ready; while :; do sleep 0.02; done"),
        run("echo never"),
        run("echo never", when("failure()")),
        run("echo cleaning", when("always()")),
        run("echo for-cancel", when("cancelled()")),
      ]);
      await trial.said.until("ready\n");
      job.cancel("Ctrl-C");
      job.cancel("again");
      const final = await trial.end(job);
      expect(final).toMatchObject({ result: "cancelled", error: expect.stringContaining("Ctrl-C") });
      expect(trial.said.printed(0)).toContain("last word");
      const conclusions = trial.said.steps().map(({ conclusion }) => conclusion);
      expect(conclusions).toEqual(["cancelled", "skipped", "skipped", "success", "success"]);
      job.cancel("too late");
      job.kill();
    },
  },
  {
    title: "cancels before anything has begun",
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([marked(marker, FOREVER), run("echo never")]);
      job.cancel("at once");
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(trial.said.text()).not.toContain("never\n");
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "cancels at the first frame of all",
    run: async (trial) => {
      const job = await trial.start([run(FOREVER)]);
      await trial.said.untilTrue(() => trial.said.frames.length > 0);
      job.cancel("at the first frame");
      expect((await trial.end(job)).result).toBe("cancelled");
    },
  },
  {
    title: "cancels between two steps",
    run: async (trial) => {
      const job = await trial.start([run("echo one"), run(FOREVER), run("echo cleaning", when("always()"))]);
      await trial.said.untilTrue(() => trial.said.steps().length === 1);
      job.cancel("between");
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(trial.said.steps().map(({ conclusion }) => conclusion)).toEqual([
        "success",
        expect.stringMatching(/^(cancelled|skipped)$/),
        "success",
      ]);
      expect(trial.said.printed(2)).toBe("cleaning\n");
    },
  },
  {
    title: "lets a post step end that runs when the job is cancelled",
    run: async (trial) => {
      const action = {
        "act/action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js, post: post.js}",
        "act/main.js": "",
        "act/post.js": `console.log("post ready"); setTimeout(() => console.log("post done"), 500)`,
      };
      const job = await trial.start([run(writes(action)), uses("./act")]);
      await trial.said.until("post ready\n");
      job.cancel("in the post step");
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(trial.said.text()).toContain("post ready\npost done\n");
    },
  },
  {
    title: "runs the post step of an action whose job was cancelled before it",
    run: async (trial) => {
      const action = {
        "act/action.yml": "name: a\ndescription: a\nruns: {using: node20, main: main.js, post: post.js}",
        "act/main.js": "",
        "act/post.js": `console.log("post " + "done")`,
      };
      const job = await trial.start([run(writes(action)), uses("./act"), run(FOREVER)]);
      await trial.said.until("ready\n");
      job.cancel("before the post step");
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(trial.said.text()).toContain("post done\n");
    },
  },
  {
    title: "interrupts a step's whole group, not its shell alone",
    run: async (trial) => {
      const job = await trial.start([
        run(
          `sh -c 'trap "echo child heard; exit 0" INT; echo ready; while :; do sleep 0.02; done'; echo never`,
        ),
      ]);
      await trial.said.until("ready\n");
      job.cancel("to all");
      await trial.end(job);
      expect(trial.said.printed()).toContain("child heard\n");
    },
  },
  {
    title: "asks a step to end by SIGINT, after 7.5 s by SIGTERM, and after 2.5 s more ends it by SIGKILL",
    waits: true,
    run: async (trial) => {
      const marker = trial.marker();
      const script = `trap 'echo got-int' INT; trap 'echo got-term' TERM; echo ready; while :; do sleep 0.05 || :; done`;
      const job = await trial.start([marked(marker, script)]);
      await trial.said.until("ready\n");
      job.cancel("in order");
      await trial.said.until("got-int\n");
      const interrupted = performance.now();
      await trial.said.until("got-term\n");
      const terminated = performance.now();
      const final = await trial.end(job);
      const killed = performance.now();
      expect(final.result).toBe("cancelled");
      expect(trial.said.printed().match(/^(ready|got-.*)$/gm)).toEqual(["ready", "got-int", "got-term"]);
      expect(trial.said.steps()[0]?.signal).toBe("SIGKILL");
      // Frames may have waited for their tick: half a second either way.
      expect(terminated - interrupted).toBeGreaterThan(7_000);
      expect(killed - terminated).toBeGreaterThan(2_000);
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "ends what still runs after a cancel when its time is over",
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([run("echo one; sleep 60"), marked(marker, STUBBORN, when("always()"))], {
        cancelTimeoutMs: 1_000,
      });
      await trial.said.until("one\n");
      job.cancel("enough");
      const final = await trial.end(job);
      expect(final).toMatchObject({ result: "cancelled", error: expect.stringMatching(/too long/) });
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "kills: all ends at once, no step for always() runs, nothing is left",
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([marked(marker, STUBBORN), run("echo not-even-this", when("always()"))]);
      await trial.said.until("ready\n");
      job.kill();
      job.kill();
      const ended = await job.ended;
      expect(ended.kind === "lost" ? ended.error.code : ended.final.result).toMatch(/^cancelled$/i);
      expect(await trial.place.isAlive(marker)).toBe(false);
      const ran = trial.said
        .steps()
        .slice(1)
        .filter(({ conclusion }) => conclusion === "success");
      expect(ran).toEqual([]);
    },
  },
  {
    title: "kills before anything has begun",
    run: async (trial) => {
      const job = await trial.start([run(FOREVER), run("echo never", when("always()"))]);
      job.kill();
      const ended = await job.ended;
      expect(ended.kind === "lost" ? ended.error.code : ended.final.result).toMatch(/^cancelled$/i);
      expect(trial.said.text()).not.toContain("never\n");
    },
  },
  {
    title: "shortens a cancel by a kill",
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([marked(marker, STUBBORN), run("echo not-even-this", when("always()"))]);
      await trial.said.until("ready\n");
      const asked = performance.now();
      job.cancel("first");
      job.kill();
      await job.ended;
      // Less than the step would have had.
      expect(performance.now() - asked).toBeLessThan(7_000);
      expect(trial.said.text()).not.toContain("not-even-this\n");
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  ...(["cancel", "kill"] as const).map(
    (stop): ConformanceCase => ({
      title: `ends a job by ${stop} that still waits for its place`,
      needs: ["waiting places"],
      run: async (trial) => {
        const letGo = await trial.place.infrastructure?.holdPlaces?.();
        const marker = trial.marker();
        try {
          const job = await trial.start([marked(marker, FOREVER)]);
          if (stop === "cancel") job.cancel("no longer wanted");
          else job.kill();
          const ended = await job.ended;
          expect(ended.kind === "lost" ? ended.error.code : ended.final.result).toMatch(/^cancelled$/i);
          expect(trial.said.text()).not.toContain("ready\n");
        } finally {
          await letGo?.();
        }
        expect(await trial.place.isAlive(marker)).toBe(false);
      },
    }),
  ),
  {
    title: "runs a job that waited for its place, and said so",
    needs: ["waiting places"],
    run: async (trial) => {
      const letGo = await trial.place.infrastructure?.holdPlaces?.();
      const job = await trial.start([run("echo at last")]);
      await letGo?.();
      expect((await trial.end(job)).result).toBe("success");
      expect(trial.said.printed()).toBe("at last\n");
      expect(trial.said.notes.join("\n")).not.toBe("");
    },
  },
];
