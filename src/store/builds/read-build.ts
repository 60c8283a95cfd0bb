import { type Expression, sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { BuildRecord, BuildSnapshot, FactRecord } from "../build-record.ts";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { AnnotationRecord, JobRecord, StepRecord } from "../job-record.ts";
import type {
  BuildAnnotationRow,
  BuildFactRow,
  BuildJobRow,
  BuildJobStepRow,
  BuildSnapshotRow,
} from "../tables/build-tables.ts";
import { withoutNulls } from "../without-nulls.ts";
import { BUILD_COLUMNS, buildOfRow, type SelectedBuildRow } from "./build-of-row.ts";
import { IS_RERUN } from "./build-states.ts";
import { jobOfRow } from "./job-of-row.ts";
import { stepOfRow } from "./step-of-row.ts";

/** What is in the records of one build. */

export async function snapshotOf(session: Session, buildId: string): Promise<BuildSnapshot> {
  const [row] = await session.rows(SNAPSHOT, { id: buildId });
  if (row === undefined) throw notFound("build", buildId);
  return {
    buildId,
    file: row.file,
    content: row.content,
    github: JSON.parse(row.github_json),
    inputs: JSON.parse(row.inputs_json),
    vars: JSON.parse(row.vars_json),
    ...(row.carried_json === null ? {} : { carried: JSON.parse(row.carried_json) }),
    ...(row.only_jobs_json === null ? {} : { onlyJobs: JSON.parse(row.only_jobs_json) }),
  };
}

export async function factsOf(session: Session, buildId: string): Promise<readonly FactRecord[]> {
  const rows = await session.rows(FACTS, { id: buildId });
  return rows.map(({ seq, fact_json }) => ({ seq, fact: JSON.parse(fact_json) }));
}

export async function attemptsOf(session: Session, rootId: string): Promise<readonly BuildRecord[]> {
  return (await session.rows(ATTEMPTS, { id: rootId })).map(buildOfRow);
}

export async function jobsOf(session: Session, buildId: string): Promise<readonly JobRecord[]> {
  return (await session.rows(JOBS, { id: buildId })).map(jobOfRow);
}

export async function jobById(session: Session, id: string): Promise<JobRecord> {
  const [row] = await session.rows(JOB, { id });
  if (row === undefined) throw notFound("job", id);
  return jobOfRow(row);
}

export async function stepsOf(session: Session, buildId: string): Promise<readonly StepRecord[]> {
  return (await session.rows(STEPS_OF_BUILD, { id: buildId })).map(stepOfRow);
}

export async function stepsOfJob(session: Session, jobId: string): Promise<readonly StepRecord[]> {
  return (await session.rows(STEPS_OF_JOB, { id: jobId })).map(stepOfRow);
}

export async function stepById(session: Session, id: string): Promise<StepRecord> {
  const [row] = await session.rows(STEP, { id });
  if (row === undefined) throw notFound("step", id);
  return stepOfRow(row);
}

export async function annotationsOf(session: Session, buildId: string): Promise<readonly AnnotationRecord[]> {
  const rows = await session.rows(ANNOTATIONS, { id: buildId });
  return rows.map((row) =>
    withoutNulls({
      id: row.id,
      buildId: row.build_id,
      jobId: row.job_id,
      step: row.step,
      level: row.level,
      message: row.message,
      title: row.title,
      file: row.file,
      line: row.line,
      endLine: row.end_line,
      column: row.column,
      endColumn: row.end_column,
      createdAt: row.created_at,
    }),
  );
}

function notFound(what: string, id: string): ExecError {
  return new ExecError("NotFound", `there is no ${what} ${id}`);
}

interface ById {
  readonly id: string;
}
type StepRow = BuildJobStepRow & { readonly grown: number | null };

const SNAPSHOT = prepared<ById, BuildSnapshotRow>((db, param) =>
  db
    .selectFrom("builds")
    .innerJoin("build_snapshots", "build_snapshots.build_seq", "builds.seq")
    .selectAll("build_snapshots")
    .where("builds.id", "=", param("id")),
);

const FACTS = prepared<ById, Pick<BuildFactRow, "seq" | "fact_json">>((db, param) =>
  db
    .selectFrom("build_facts")
    .select(["seq", "fact_json"])
    .where("build_id", "=", param("id"))
    .orderBy("seq"),
);

const ATTEMPTS = prepared<ById, SelectedBuildRow>((db, param) =>
  db
    .selectFrom("builds")
    .select(BUILD_COLUMNS)
    .where("id", "=", param("id"))
    .where("attempt", "=", sql.lit(1))
    .unionAll(
      db.selectFrom("builds").select(BUILD_COLUMNS).where("root_id", "=", param("id")).where(IS_RERUN),
    )
    .orderBy("attempt"),
);

const JOBS = prepared<ById, BuildJobRow>((db, param) =>
  db
    .selectFrom("build_jobs")
    .selectAll()
    .where("build_id", "=", param("id"))
    .orderBy("position")
    .orderBy("attempt"),
);

const JOB = prepared<ById, BuildJobRow>((db, param) =>
  db.selectFrom("build_jobs").selectAll().where("id", "=", param("id")),
);

const GROWN: Expression<number | null> = sql`case when build_job_steps.log_kept = 'rows' then (
  select max(end_byte) from build_logs where ref_type = 'step' and ref_id = build_job_steps.id
) end`;

const STEPS_OF_BUILD = prepared<ById, StepRow>((db, param) =>
  db
    .selectFrom("build_jobs")
    .innerJoin("build_job_steps", "build_job_steps.job_id", "build_jobs.id")
    .selectAll("build_job_steps")
    .select(() => [sql<number | null>`${GROWN}`.as("grown")])
    .where("build_jobs.build_id", "=", param("id"))
    .orderBy("build_jobs.position")
    .orderBy("build_jobs.attempt")
    .orderBy("build_job_steps.number"),
);

const STEPS_OF_JOB = prepared<ById, StepRow>((db, param) =>
  db
    .selectFrom("build_job_steps")
    .selectAll()
    .select(() => [sql<number | null>`${GROWN}`.as("grown")])
    .where("job_id", "=", param("id"))
    .orderBy("number"),
);

const STEP = prepared<ById, StepRow>((db, param) =>
  db
    .selectFrom("build_job_steps")
    .selectAll()
    .select(() => [sql<number | null>`${GROWN}`.as("grown")])
    .where("id", "=", param("id")),
);

const ANNOTATIONS = prepared<ById, BuildAnnotationRow>((db, param) =>
  db
    .selectFrom("build_annotations")
    .selectAll()
    .where("build_id", "=", param("id"))
    .orderBy("created_at")
    .orderBy("id"),
);
