import { sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { pageOf, pageStart } from "../list-page.ts";
import type { Page, PageRequest } from "../page.ts";
import type { ProjectRecord } from "../project-record.ts";
import type { ProjectRow } from "../tables/project-tables.ts";
import { taken } from "../taken.ts";
import { projectOfRow } from "./project-of-row.ts";

export async function createProject(engine: Engine, project: ProjectRecord): Promise<ProjectRecord> {
  await taken(
    `a project named ${project.name}`,
    engine.session.query(
      engine.db
        .insertInto("projects")
        .values({
          id: project.id,
          name: project.name,
          repository_url: project.repositoryUrl,
          default_branch: project.defaultBranch,
          settings_json: JSON.stringify(project.settings),
          max_builds: project.settings.maxBuilds ?? null,
          build_count: 0,
          created_at: project.createdAt,
          updated_at: project.updatedAt,
        })
        .compile(),
    ),
  );
  return project;
}

export async function getProject(engine: Engine, idOrName: string): Promise<ProjectRecord> {
  // Nearly always an id, which is also what an id that is another's name stands for.
  const [byId] = await engine.session.rows(BY_ID, { id: idOrName });
  const [row] = byId === undefined ? await engine.session.rows(BY_NAME, { name: idOrName }) : [byId];
  if (row === undefined) throw new ExecError("NotFound", `there is no project ${idOrName}`);
  return projectOfRow(row);
}

export async function listProjects(engine: Engine, page: PageRequest): Promise<Page<ProjectRecord>> {
  const after = pageStart("projects", page, ["number", "string"]);
  let query = engine.db
    .selectFrom("projects")
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(page.limit + 1);
  if (after !== undefined)
    query = query.where((eb) => eb(eb.refTuple("created_at", "id"), "<", eb.tuple(after[0], after[1])));
  const rows = await engine.session.query(query.compile());
  return pageOf("projects", page, rows, (row) => [row.created_at, row.id], projectOfRow);
}

export async function updateProject(
  engine: Engine,
  id: string,
  change: Partial<Omit<ProjectRecord, "id" | "createdAt">>,
): Promise<ProjectRecord> {
  const { name, repositoryUrl, defaultBranch, settings, updatedAt } = change;
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(repositoryUrl === undefined ? {} : { repository_url: repositoryUrl }),
    ...(defaultBranch === undefined ? {} : { default_branch: defaultBranch }),
    ...(settings === undefined
      ? {}
      : { settings_json: JSON.stringify(settings), max_builds: settings.maxBuilds ?? null }),
    ...(updatedAt === undefined ? {} : { updated_at: updatedAt }),
  };
  if (Object.keys(set).length > 0) {
    await taken(
      `a project named ${name}`,
      engine.session.query(engine.db.updateTable("projects").set(set).where("id", "=", id).compile()),
    );
  }
  const [row] = await engine.session.rows(BY_ID, { id });
  if (row === undefined) throw new ExecError("NotFound", `there is no project ${id}`);
  return projectOfRow(row);
}

/** Rows of other tables go with the project by their foreign keys; logs, which hang on any kind of thing, by hand. */
export async function deleteProject(engine: Engine, id: string): Promise<void> {
  await engine.transaction(async (session) => {
    // Keeps new builds out, which count themselves on the project first; and claims.
    await session.hold("claim");
    const [project] = await session.rows(LOCK, { id });
    if (project === undefined) throw new ExecError("NotFound", `there is no project ${id}`);
    const [running] = await session.rows(RUNNING, { id });
    if (running !== undefined)
      throw new ExecError("Conflict", `build ${running.id} of the project is running: cancel it first`);
    await session.change(DELETE_LOGS, { id });
    await session.change(DELETE, { id });
  });
}

const BY_NAME = prepared<{ name: string }, ProjectRow>((db, param) =>
  db.selectFrom("projects").selectAll().where("name", "=", param("name")),
);

const BY_ID = prepared<{ id: string }, ProjectRow>((db, param) =>
  db.selectFrom("projects").selectAll().where("id", "=", param("id")),
);

const LOCK = prepared<{ id: string }, { id: string }>((db, param) =>
  db
    .updateTable("projects")
    .set((eb) => ({ build_count: eb.ref("build_count") }))
    .where("id", "=", param("id"))
    .returning("id"),
);

const RUNNING = prepared<{ id: string }, { id: string }>((db, param) =>
  db
    .selectFrom("builds")
    .select("id")
    .where("project_id", "=", param("id"))
    .where(sql<boolean>`status = 'running'`)
    .limit(sql.lit(1)),
);

const DELETE_LOGS = prepared<{ id: string }, unknown>((db, param) =>
  db
    .deleteFrom("build_logs")
    .where("ref_type", "=", sql.lit("step"))
    .where("ref_id", "in", (eb) =>
      eb
        .selectFrom("build_job_steps")
        .innerJoin("build_jobs", "build_jobs.id", "build_job_steps.job_id")
        .innerJoin("builds", "builds.id", "build_jobs.build_id")
        .select("build_job_steps.id")
        .where("builds.project_id", "=", param("id")),
    ),
);

const DELETE = prepared<{ id: string }, unknown>((db, param) =>
  db.deleteFrom("projects").where("id", "=", param("id")),
);
