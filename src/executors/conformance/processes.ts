import { expect } from "vitest";
import { ExecError } from "../../errors.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { Recording } from "./recording.ts";
import { FOREVER, marked, run, when } from "./steps.ts";

/** What a job starts ends with it; jobs beside each other do not meet. */
export const processCases: readonly ConformanceCase[] = [
  {
    title: "does not wait for a child that a step left behind with its output open, and ends it",
    run: async (trial) => {
      const marker = trial.marker();
      await trial.run([marked(marker, "(tail -f /dev/null) &"), run("echo next")]);
      expect(trial.said.outcomes()).toEqual(["success/success", "success/success"]);
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "ends a daemon that left its session",
    run: async (trial) => {
      const marker = trial.marker();
      const daemon = `setsid sh -c 'echo $$ > pid; exec tail -f /dev/null' > /dev/null 2>&1 < /dev/null &
        while [ ! -s pid ]; do sleep 0.02; done`;
      const job = await trial.start([marked(marker, daemon), run(FOREVER)]);
      await trial.said.until("ready\n");
      expect(await trial.place.isAlive(marker)).toBe(true);
      job.cancel("seen");
      await trial.end(job);
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "runs two jobs at once without mixing them",
    run: async (trial) => {
      const other = new Recording();
      const [one, two] = await Promise.all([
        trial.start([run("for i in 1 2 3 4 5; do echo one-$i; sleep 0.01; done; echo 1 > here; ls")]),
        trial.start(
          [run("for i in 1 2 3 4 5; do echo two-$i; sleep 0.01; done; echo 2 > there; ls")],
          { jobKey: "other" },
          other,
        ),
      ]);
      expect(one.ref).not.toBe(two.ref);
      expect([(await trial.end(one)).result, (await trial.end(two)).result]).toEqual(["success", "success"]);
      expect([trial.said.printed(), other.printed()]).toEqual([
        "one-1\none-2\none-3\none-4\none-5\nhere\n",
        "two-1\ntwo-2\ntwo-3\ntwo-4\ntwo-5\nthere\n",
      ]);
    },
  },
  {
    title: "runs eight jobs at once, each to its own end",
    run: async (trial) => {
      const results = await Promise.all(
        Array.from({ length: 8 }, async (_, index) => {
          const said = new Recording();
          const final = await trial.run(
            [run(`echo job-${index}; exit ${index % 2}`)],
            { jobKey: `leg-${index}` },
            said,
          );
          return `${final.result}: ${said.printed().split("\n")[0]}`;
        }),
      );
      expect(results).toEqual(
        Array.from({ length: 8 }, (_, index) => `${index % 2 === 0 ? "success" : "failure"}: job-${index}`),
      );
    },
  },
  {
    title: "takes job keys as matrices and called workflows have them",
    run: async (trial) => {
      const final = await trial.run([run("echo ok")], { jobKey: "release / dëploy/build[3] (a, b: 'c')" });
      expect(final.result).toBe("success");
      expect(trial.said.printed()).toBe("ok\n");
    },
  },
  {
    title: "runs a later attempt of the same job from the beginning",
    run: async (trial) => {
      const second = new Recording();
      await trial.run([run("exit 1")]);
      expect((await trial.run([run("echo again")], { attempt: 2 }, second)).result).toBe("success");
      expect(second.frames[0]?.seq).toBe(1);
      expect(second.printed()).toBe("again\n");
    },
  },
  {
    title: "is lost, with what the reader said, where what it reports cannot be taken, and leaves nothing",
    run: async (trial) => {
      const marker = trial.marker();
      let broken = false;
      const request = trial.request([marked(marker, FOREVER)]);
      const job = await trial.startRequest(request, trial.said, (frame) => {
        if (frame.type === "log" && Buffer.from(frame.data).includes("ready\n")) broken = true;
        if (broken) throw new ExecError("Permanent", "the records are gone");
      });
      expect(await job.ended).toMatchObject({
        kind: "lost",
        error: { message: expect.stringContaining("the records are gone") },
      });
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "shows nobody what a request holds: secrets stand in no argument, environment or description",
    run: async (trial) => {
      const secret = trial.marker();
      const job = await trial.start([run(FOREVER)], {
        ...trial.withContexts({ secrets: { S: secret } }),
        masks: [`${secret}-mask`],
      });
      await trial.said.until("ready\n");
      expect(await trial.place.exposed(secret)).toEqual([]);
      job.cancel("seen");
      await trial.end(job);
    },
  },
  {
    title: "shows a secret to the step that asks for it, and to no other",
    run: async (trial) => {
      const secret = trial.marker();
      const looks = run("env | grep -c CONFORMANCE_MARKER", when("always()"));
      const secrets = trial.withContexts({ secrets: { S: secret } });
      const job = await trial.start([marked(secret, FOREVER), looks], secrets);
      await trial.said.until("ready\n");
      expect(await trial.place.isAlive(secret)).toBe(true);
      job.cancel("seen");
      await trial.end(job);
      expect(trial.said.printed(1)).toMatch(/^0\n/);
    },
  },
];
