import { type Prepared, prepared } from "../engine/prepared.ts";
import type { BuildJobRow, BuildJobStepRow } from "../tables/build-tables.ts";
import type { RowKind } from "./apply-to-rows.ts";
import { JOBS, STEPS } from "./build-writers.ts";
import { changeJob, rowOfJob } from "./change-job.ts";
import { changeStep, rowOfStep } from "./change-step.ts";
import type { JobChange, StepChange } from "./sort-changes.ts";

export const JOB_ROWS: RowKind<BuildJobRow, JobChange> = {
  word: "job",
  writer: JOBS,
  find: perCount((count) =>
    prepared<readonly string[], BuildJobRow>((db, param) =>
      db
        .selectFrom("build_jobs")
        .selectAll()
        .where(
          "id",
          "in",
          each(count, (i) => param((ids) => ids[i] ?? "")),
        ),
    ),
  ),
  added: (change) => (change.kind === "job-added" ? rowOfJob(change.job) : undefined),
  change: (row, change) => {
    if (change.kind === "job-changed") changeJob(row, change);
  },
};

export const STEP_ROWS: RowKind<BuildJobStepRow, StepChange> = {
  word: "step",
  writer: STEPS,
  find: perCount((count) =>
    prepared<readonly string[], BuildJobStepRow>((db, param) =>
      db
        .selectFrom("build_job_steps")
        .selectAll()
        .where(
          "id",
          "in",
          each(count, (i) => param((ids) => ids[i] ?? "")),
        ),
    ),
  ),
  added: (change) => (change.kind === "step-added" ? rowOfStep(change.step) : undefined),
  change: (row, change) => {
    if (change.kind === "step-changed") changeStep(row, change);
  },
};

/** A statement for each number of ids, made when first needed. */
function perCount<R>(make: (count: number) => Prepared<readonly string[], R>) {
  const made = new Map<number, Prepared<readonly string[], R>>();
  return (count: number): Prepared<readonly string[], R> => {
    let statement = made.get(count);
    if (statement === undefined) {
      statement = make(count);
      made.set(count, statement);
    }
    return statement;
  };
}

function each<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => item(i));
}
