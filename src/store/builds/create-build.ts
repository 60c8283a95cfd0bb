import { sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { BuildRecord, BuildSnapshot } from "../build-record.ts";
import type { NewBuild } from "../build-store.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { BuildRow, BuildSnapshotRow } from "../tables/build-tables.ts";
import { BUILD_COLUMNS, buildOfRow } from "./build-of-row.ts";
import { IS_RERUN } from "./build-states.ts";
import { findBuild } from "./find-build.ts";

/** Thrown to take a numbering back: the build is there already. */
const PRESENT = Symbol("present");

export async function createBuild(
  engine: Engine,
  build: NewBuild,
  snapshot: Omit<BuildSnapshot, "buildId">,
): Promise<BuildRecord> {
  try {
    return await engine.transaction(async (session) => {
      const place = await (build.rerunOf === undefined
        ? firstAttempt(session, build)
        : nextAttempt(session, build, build.rerunOf));
      const [row] = await session.rows(INSERT_BUILD, { ...build, ...place });
      if (row === undefined) throw PRESENT;
      await session.change(INSERT_SNAPSHOT, {
        build_seq: row.seq,
        file: snapshot.file,
        content: snapshot.content,
        github_json: JSON.stringify(snapshot.github),
        inputs_json: JSON.stringify(snapshot.inputs),
        vars_json: JSON.stringify(snapshot.vars),
        carried_json: snapshot.carried === undefined ? null : JSON.stringify(snapshot.carried),
        only_jobs_json: snapshot.onlyJobs === undefined ? null : JSON.stringify(snapshot.onlyJobs),
      });
      return buildOfRow(row);
    });
  } catch (error) {
    if (error === PRESENT) return findBuild(engine.session, build.id);
    throw error;
  }
}

type Place = Pick<BuildRow, "number" | "root_seq" | "root_id" | "attempt">;

async function firstAttempt(session: Session, { id, projectId }: NewBuild): Promise<Place> {
  const [project] = await session.rows(COUNT_BUILD, { projectId });
  if (project === undefined) throw new ExecError("NotFound", `there is no project ${projectId}`);
  return { number: project.build_count, root_seq: null, root_id: id, attempt: 1 };
}

async function nextAttempt(session: Session, { id }: NewBuild, rerunOf: string): Promise<Place> {
  const [present] = await session.rows(FIND_ID, { id });
  if (present !== undefined) throw PRESENT;
  const earlier = await findBuild(session, rerunOf);
  const [root] = await session.rows(COUNT_ATTEMPT, { rootId: earlier.rootId });
  if (root === undefined) throw new ExecError("NotFound", `there is no build ${earlier.rootId}`);
  await session.change(OUTDATE_ATTEMPTS, { rootId: earlier.rootId });
  return { number: root.number, root_seq: root.seq, root_id: earlier.rootId, attempt: root.attempts };
}

const COUNT_BUILD = prepared<{ projectId: string }, { build_count: number }>((db, param) =>
  db
    .updateTable("projects")
    .set((eb) => ({ build_count: eb("build_count", "+", 1) }))
    .where("id", "=", param("projectId"))
    .returning("build_count"),
);

const FIND_ID = prepared<{ id: string }, { id: string }>((db, param) =>
  db.selectFrom("builds").select("id").where("id", "=", param("id")),
);

const COUNT_ATTEMPT = prepared<{ rootId: string }, { seq: number; number: number; attempts: number }>(
  (db, param) =>
    db
      .updateTable("builds")
      .set((eb) => ({ attempts: eb("attempts", "+", 1) }))
      .where("id", "=", param("rootId"))
      .returning(["seq", "number", "attempts"]),
);

const OUTDATE_ATTEMPTS = prepared<{ rootId: string }, unknown>((db, param) =>
  db
    .updateTable("builds")
    .set({ latest: 0 })
    .where((eb) =>
      eb.or([eb("id", "=", param("rootId")), eb.and([eb("root_id", "=", param("rootId")), IS_RERUN])]),
    ),
);

const INSERT_BUILD = prepared<NewBuild & Place, Parameters<typeof buildOfRow>[0]>((db, param) =>
  db
    .insertInto("builds")
    .values({
      id: param("id"),
      project_id: param("projectId"),
      pipeline_id: param("pipelineId"),
      number: param("number"),
      root_seq: param("root_seq"),
      root_id: param("root_id"),
      attempt: param("attempt"),
      attempts: sql.lit(1),
      latest: sql.lit(1),
      status: sql.lit("pending"),
      trigger: param("trigger"),
      event: param("event"),
      ref: param("ref"),
      sha: param("sha"),
      workflow: param("workflow"),
      title: param("title"),
      actor: param("actor"),
      created_at: param("createdAt"),
      version: sql.lit(1),
      fence: sql.lit(0),
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning(BUILD_COLUMNS),
);

const INSERT_SNAPSHOT = prepared<BuildSnapshotRow, unknown>((db, param) =>
  db.insertInto("build_snapshots").values({
    build_seq: param("build_seq"),
    file: param("file"),
    content: param("content"),
    github_json: param("github_json"),
    inputs_json: param("inputs_json"),
    vars_json: param("vars_json"),
    carried_json: param("carried_json"),
    only_jobs_json: param("only_jobs_json"),
  }),
);
