import { expect } from "vitest";
import type { ConformanceCase } from "./conformance-case.ts";
import { marked, run, when } from "./steps.ts";

/** What is not the job's fault: its place goes away, or cannot be reached. */
export const infrastructureCases: readonly ConformanceCase[] = [
  {
    title: "is lost, to be tried again, where its place vanishes, and says what went",
    needs: ["vanishing places"],
    run: async (trial) => {
      const marker = trial.marker();
      const request = trial.request([
        marked(marker, "echo ready; while :; do sleep 0.05; done"),
        run("echo never", when("always()")),
      ]);
      const job = await trial.startRequest(request);
      await trial.said.until("ready\n");
      await trial.place.infrastructure?.vanish?.(request);
      const ended = await job.ended;
      expect(ended).toMatchObject({ kind: "lost", error: { name: "ExecError", retryable: true } });
      if (ended.kind === "lost") expect(ended.error.message).toContain(request.displayName);
      expect(trial.said.of("job.finished")).toEqual([]);
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
  {
    title: "runs the next attempt of a job whose place vanished",
    needs: ["vanishing places"],
    run: async (trial) => {
      const request = trial.request([run("echo ready; while :; do sleep 0.05; done")]);
      const job = await trial.startRequest(request);
      await trial.said.until("ready\n");
      await trial.place.infrastructure?.vanish?.(request);
      expect((await job.ended).kind).toBe("lost");
      expect((await trial.run([run("echo better")], { attempt: 2 })).result).toBe("success");
    },
  },
  {
    title: "does not mind a cancel and a kill of a job whose place has vanished",
    needs: ["vanishing places"],
    run: async (trial) => {
      const request = trial.request([run("echo ready; while :; do sleep 0.05; done")]);
      const job = await trial.startRequest(request);
      await trial.said.until("ready\n");
      const gone = trial.place.infrastructure?.vanish?.(request);
      job.cancel("meanwhile");
      await gone;
      job.kill();
      const ended = await job.ended;
      expect(ended.kind === "lost" ? "lost" : ended.final.result).toMatch(/^(lost|cancelled)$/);
    },
  },
  {
    title: "loses no frame and no end of a job while its place cannot be reached",
    needs: ["cut off"],
    run: async (trial) => {
      const job = await trial.start([
        run("i=0; while [ $i -lt 60 ]; do echo line-$i; i=$((i+1)); sleep 0.02; done"),
        run("echo after"),
      ]);
      await trial.said.until("line-3\n");
      const bringBack = await trial.place.infrastructure?.cutOff?.();
      await new Promise((resolve) => setTimeout(resolve, 500));
      await bringBack?.();
      expect((await trial.end(job)).result).toBe("success");
      const lines = Array.from({ length: 60 }, (_, index) => `line-${index}\n`).join("");
      expect([trial.said.printed(0), trial.said.printed(1)]).toEqual([lines, "after\n"]);
      const { frames } = trial.said;
      expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
    },
  },
  {
    title: "cancels a job as soon as its place can be reached again",
    needs: ["cut off"],
    run: async (trial) => {
      const marker = trial.marker();
      const job = await trial.start([marked(marker, "echo ready; while :; do sleep 0.05; done")]);
      await trial.said.until("ready\n");
      const bringBack = await trial.place.infrastructure?.cutOff?.();
      job.cancel("while nobody hears");
      await bringBack?.();
      expect((await trial.end(job)).result).toBe("cancelled");
      expect(await trial.place.isAlive(marker)).toBe(false);
    },
  },
];
