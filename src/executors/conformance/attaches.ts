import { expect } from "vitest";
import type { Executor, RunningJob } from "../executor.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { Recording } from "./recording.ts";
import { FOREVER, marked, run, when } from "./steps.ts";
import type { Trial } from "./trial.ts";

/** Prints a line at a time for a while, so that a worker may go at any moment of it. */
const COUNTING = "i=0; while [ $i -lt 40 ]; do echo line-$i; i=$((i+1)); sleep 0.02; done";
const COUNTED = Array.from({ length: 40 }, (_, index) => `line-${index}\n`).join("");

const seqs = (said: Recording) => said.frames.map(({ seq }) => seq);
const oneTo = (last: number, after = 0) =>
  Array.from({ length: last - after }, (_, index) => after + index + 1);

/** The worker that started the job goes away. What it still hears does not count. */
async function leave(trial: Trial): Promise<{ readonly heard: number }> {
  const heard = trial.said.lastSeq;
  await trial.place.executor.close?.();
  return { heard };
}

/** Follows the job by another worker, and puts what both heard together. */
async function takeOver(trial: Trial, job: RunningJob, afterSeq: number) {
  const said = new Recording();
  const executor = await trial.reopen();
  const again = await trial.attach(executor, job.ref, afterSeq, said);
  return { executor, again, said };
}

function together(first: Recording, heard: number, then: Recording): Recording {
  const both = new Recording();
  both.frames.push(...first.frames.filter(({ seq }) => seq <= heard), ...then.frames);
  return both;
}

/** Jobs that outlive their worker are found again, at any moment, with every later frame once and in order. */
export const attachCases: readonly ConformanceCase[] = [
  {
    title: "finds a job again before its first frame was heard",
    needs: ["another worker"],
    run: async (trial) => {
      const job = await trial.start([run(COUNTING)]);
      await leave(trial);
      const { again, said } = await takeOver(trial, job, 0);
      expect((await trial.end(again)).result).toBe("success");
      expect(seqs(said)).toEqual(oneTo(said.frames.length));
      expect(said.printed()).toBe(COUNTED);
    },
  },
  {
    title: "finds a job again in a step: every later frame arrives, once and in order",
    needs: ["another worker"],
    run: async (trial) => {
      const job = await trial.start([run(COUNTING), run("echo after")]);
      await trial.said.until("line-3\n");
      const { heard } = await leave(trial);
      const { again, said } = await takeOver(trial, job, heard);
      const final = await trial.end(again);
      expect(final).toMatchObject({ type: "job.finished", result: "success" });
      expect(said.frames[0]?.seq).toBe(heard + 1);
      const whole = together(trial.said, heard, said);
      expect(seqs(whole)).toEqual(oneTo(whole.frames.length));
      expect([whole.printed(0), whole.printed(1)]).toEqual([COUNTED, "after\n"]);
    },
  },
  {
    title: "finds a job again between two steps",
    needs: ["another worker"],
    run: async (trial) => {
      const job = await trial.start([run("echo one"), run(COUNTING), run("echo three")]);
      await trial.said.untilTrue(() => trial.said.steps().length === 1);
      const { heard } = await leave(trial);
      const { again, said } = await takeOver(trial, job, heard);
      expect((await trial.end(again)).result).toBe("success");
      const whole = together(trial.said, heard, said);
      expect(seqs(whole)).toEqual(oneTo(whole.frames.length));
      expect(whole.outcomes()).toEqual(Array.from({ length: 3 }, () => "success/success"));
    },
  },
  {
    title: "finds a job again that ended while nobody listened, with the rest of its frames and its end",
    needs: ["another worker"],
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([marked(marker, COUNTING), run("exit 4")]);
      await trial.said.until("line-1\n");
      const { heard } = await leave(trial);
      await trial.eventually(async () => !(await trial.place.isAlive(marker)));
      const { again, said } = await takeOver(trial, job, heard);
      expect((await trial.end(again)).result).toBe("failure");
      const whole = together(trial.said, heard, said);
      expect(seqs(whole)).toEqual(oneTo(whole.frames.length));
      expect(whole.steps().map(({ exitCode }) => exitCode)).toEqual([0, 4]);
    },
  },
  {
    title: "tells an end again to who attaches until it is released, and then finds nothing",
    needs: ["another worker"],
    run: async (trial) => {
      const job = await trial.start([run("echo once"), run("exit 4")]);
      const final = await trial.end(job);
      await leave(trial);
      const { executor, again, said } = await takeOver(trial, job, 2);
      expect(await trial.end(again)).toMatchObject({ result: final.result, outputs: final.outputs });
      expect(seqs(said)).toEqual(oneTo(said.lastSeq, 2));
      await again.release?.();
      await again.release?.();
      expect(await executor.attach(job.ref, 0, () => {})).toBeUndefined();
    },
  },
  {
    title: "finds a job again twice, by one worker after the other",
    needs: ["another worker"],
    run: async (trial) => {
      const job = await trial.start([run(COUNTING), run(COUNTING)]);
      await trial.said.until("line-1\n");
      const { heard } = await leave(trial);
      const second = await takeOver(trial, job, heard);
      await second.said.until("line-9\n");
      const heardThen = second.said.lastSeq;
      await second.executor.close?.();
      const third = await takeOver(trial, job, heardThen);
      expect((await trial.end(third.again)).result).toBe("success");
      const whole = together(together(trial.said, heard, second.said), heardThen, third.said);
      expect(seqs(whole)).toEqual(oneTo(whole.frames.length));
      expect([whole.printed(0), whole.printed(1)]).toEqual([COUNTED, COUNTED]);
    },
  },
  {
    title: "tells frames again that the worker before heard and did not keep",
    needs: ["another worker"],
    run: async (trial) => {
      // Heard by the reader and not taken: it never says so.
      const never = new Promise<void>(() => {});
      const request = trial.request([run(COUNTING)]);
      const job = await trial.startRequest(request, trial.said, (frame) => {
        trial.said.sink(frame);
        return frame.seq >= 4 ? never : undefined;
      });
      await trial.said.untilTrue(() => trial.said.lastSeq >= 4);
      await leave(trial);
      const { again, said } = await takeOver(trial, job, 3);
      expect((await trial.end(again)).result).toBe("success");
      expect(seqs(said)).toEqual(oneTo(said.lastSeq, 3));
      expect(together(trial.said, 3, said).printed()).toBe(COUNTED);
    },
  },
  ...(["cancel", "kill"] as const).map(
    (stop): ConformanceCase => ({
      title: `ends a job by ${stop} that was found again`,
      needs: ["another worker"],
      run: async (trial) => {
        const marker = trial.marker();
        const job = await trial.start([marked(marker, FOREVER), run("echo cleaning", when("always()"))]);
        await trial.said.until("ready\n");
        const { heard } = await leave(trial);
        const { again, said } = await takeOver(trial, job, heard);
        if (stop === "cancel") again.cancel("by another");
        else again.kill();
        const ended = await again.ended;
        expect(ended.kind === "lost" ? ended.error.code : ended.final.result).toMatch(/^cancelled$/i);
        expect(said.text().includes("cleaning\n")).toBe(stop === "cancel");
        expect(await trial.place.isAlive(marker)).toBe(false);
      },
    }),
  ),
  {
    title: "gives the job that runs already when the same attempt is started again",
    needs: ["another worker"],
    run: async (trial) => {
      const request = trial.request([run("echo id-$(cat /proc/sys/kernel/random/uuid)-"), run(COUNTING)]);
      const job = await trial.startRequest(request);
      await trial.said.until("line-1\n");
      await leave(trial);
      const said = new Recording();
      const other = await trial.reopen();
      const again = await other.start(request, said.sink, said.note);
      expect((await trial.end(again)).result).toBe("success");
      expect(again.ref).toBe(job.ref);
      expect(seqs(said)).toEqual(oneTo(said.frames.length));
      expect(said.printed(0)).toBe(trial.said.printed(0));
      await again.release?.();
    },
  },
  {
    title: "sweeps what no live attempt owns, and leaves what one does",
    needs: ["another worker"],
    run: async (trial) => {
      const [dead, alive] = [trial.marker(), trial.marker()];
      const other = new Recording();
      await trial.start([marked(dead, FOREVER)]);
      const kept = await trial.start([marked(alive, FOREVER)], { jobKey: "kept" }, other);
      await Promise.all([trial.said.until("ready\n"), other.until("ready\n")]);
      await leave(trial);
      const sweeper = await trial.reopen();
      const asked: string[] = [];
      const swept = await sweeper.sweep?.(async ({ buildId, jobKey, attempt }) => {
        asked.push(`${buildId} ${jobKey} ${attempt}`);
        return jobKey === "kept";
      });
      const { buildId } = trial.request([]);
      expect(asked.toSorted()).toEqual([`${buildId} job 1`, `${buildId} kept 1`]);
      expect(swept).toBe(1);
      expect(await trial.place.isAlive(dead)).toBe(false);
      expect(await trial.place.isAlive(alive)).toBe(true);
      await endKept(trial, sweeper, kept.ref);
    },
  },
  {
    title: "finds no job again that never was",
    run: async (trial) => {
      const { executor } = trial.place;
      for (const ref of [`${executor.name}:0:none`, "", "no such thing ü"])
        expect(await executor.attach(ref, 0, trial.said.sink)).toBeUndefined();
    },
  },
];

async function endKept(trial: Trial, executor: Executor, ref: string): Promise<void> {
  const said = new Recording();
  const job = await trial.attach(executor, ref, 0, said);
  job.cancel("seen");
  expect((await trial.end(job)).result).toBe("cancelled");
}
