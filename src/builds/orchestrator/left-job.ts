import type { StepRecord } from "../../store/job-record.ts";
import type { JobRow } from "./build-rows.ts";
import type { LeftJob } from "./job-run.ts";

/**
 * What an earlier worker left of a job that has not ended. One that has steps was started, also where that worker came
 * no further than to start it: it must not run twice as the same attempt.
 */
export function leftJob(row: JobRow | undefined, all: readonly StepRecord[]): LeftJob | undefined {
  if (row === undefined) return undefined;
  const steps = all.filter(({ jobId }) => jobId === row.id);
  const started =
    row.status === "running" || row.executorRef !== undefined || steps.some(({ number }) => number > 0);
  if (!started) return { steps };
  const { executor = "", executorRef = "", frameSeq } = row;
  return { steps, runner: { executor, ref: executorRef, afterSeq: frameSeq } };
}
