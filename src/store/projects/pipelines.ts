import { ExecError } from "../../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { PipelineRecord } from "../project-record.ts";
import type { PipelineRow } from "../tables/project-tables.ts";
import { taken } from "../taken.ts";
import { pipelineOfRow } from "./project-of-row.ts";

export async function createPipeline(engine: Engine, pipeline: PipelineRecord): Promise<PipelineRecord> {
  await taken(
    `a pipeline named ${pipeline.name} or for ${pipeline.path}`,
    engine.session.query(
      engine.db
        .insertInto("pipelines")
        .values({
          id: pipeline.id,
          project_id: pipeline.projectId,
          name: pipeline.name,
          path: pipeline.path,
          enabled: pipeline.enabled ? 1 : 0,
          created_at: pipeline.createdAt,
          updated_at: pipeline.updatedAt,
        })
        .compile(),
    ),
  );
  return pipeline;
}

export async function getPipeline(engine: Engine, id: string): Promise<PipelineRecord> {
  const [row] = await engine.session.rows(BY_ID, { id });
  if (row === undefined) throw new ExecError("NotFound", `there is no pipeline ${id}`);
  return pipelineOfRow(row);
}

export async function findPipeline(
  engine: Engine,
  projectId: string,
  wanted: string,
): Promise<PipelineRecord> {
  const rows = await engine.session.rows(OF_PROJECT_BY, { projectId, wanted });
  const row = rows.find(({ id }) => id === wanted) ?? rows.find(({ name }) => name === wanted) ?? rows[0];
  if (row === undefined) throw new ExecError("NotFound", `the project has no pipeline ${wanted}`);
  return pipelineOfRow(row);
}

export async function listPipelines(engine: Engine, projectId: string): Promise<readonly PipelineRecord[]> {
  return (await engine.session.rows(OF_PROJECT, { projectId })).map(pipelineOfRow);
}

export async function updatePipeline(
  engine: Engine,
  id: string,
  { name, path, enabled, updatedAt }: Partial<Omit<PipelineRecord, "id" | "projectId" | "createdAt">>,
): Promise<PipelineRecord> {
  const set = {
    ...(name === undefined ? {} : { name }),
    ...(path === undefined ? {} : { path }),
    ...(enabled === undefined ? {} : { enabled: enabled ? 1 : 0 }),
    ...(updatedAt === undefined ? {} : { updated_at: updatedAt }),
  };
  if (Object.keys(set).length > 0) {
    await taken(
      `another pipeline with this name or path`,
      engine.session.query(engine.db.updateTable("pipelines").set(set).where("id", "=", id).compile()),
    );
  }
  return getPipeline(engine, id);
}

export async function deletePipeline(engine: Engine, id: string): Promise<void> {
  if ((await engine.session.change(DELETE, { id })) === 0)
    throw new ExecError("NotFound", `there is no pipeline ${id}`);
}

const BY_ID = prepared<{ id: string }, PipelineRow>((db, param) =>
  db.selectFrom("pipelines").selectAll().where("id", "=", param("id")),
);

const OF_PROJECT = prepared<{ projectId: string }, PipelineRow>((db, param) =>
  db.selectFrom("pipelines").selectAll().where("project_id", "=", param("projectId")).orderBy("name"),
);

const OF_PROJECT_BY = prepared<{ projectId: string; wanted: string }, PipelineRow>((db, param) =>
  db
    .selectFrom("pipelines")
    .selectAll()
    .where("project_id", "=", param("projectId"))
    .where((eb) =>
      eb.or([
        eb("id", "=", param("wanted")),
        eb("name", "=", param("wanted")),
        eb("path", "=", param("wanted")),
      ]),
    ),
);

const DELETE = prepared<{ id: string }, unknown>((db, param) =>
  db.deleteFrom("pipelines").where("id", "=", param("id")),
);
