import { ExecError } from "../../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { EnvironmentRecord } from "../project-record.ts";
import type { EnvironmentRow } from "../tables/project-tables.ts";
import { environmentOfRow } from "./project-of-row.ts";

/** The one of that name keeps its id and its birthday. */
export async function putEnvironment(
  engine: Engine,
  environment: EnvironmentRecord,
): Promise<EnvironmentRecord> {
  const [row] = await engine.session.query(
    engine.db
      .insertInto("environments")
      .values({
        id: environment.id,
        project_id: environment.projectId,
        name: environment.name,
        name_key: nameKey(environment.name),
        reviewers_json: JSON.stringify(environment.reviewers),
        approval_timeout_ms: environment.approvalTimeoutMs,
        created_at: environment.createdAt,
        updated_at: environment.updatedAt,
      })
      .onConflict((conflict) =>
        conflict.columns(["project_id", "name_key"]).doUpdateSet((eb) => ({
          name: eb.ref("excluded.name"),
          reviewers_json: eb.ref("excluded.reviewers_json"),
          approval_timeout_ms: eb.ref("excluded.approval_timeout_ms"),
          updated_at: eb.ref("excluded.updated_at"),
        })),
      )
      .returningAll()
      .compile(),
  );
  if (row === undefined) throw new ExecError("NotFound", `there is no project ${environment.projectId}`);
  return environmentOfRow(row);
}

export async function findEnvironment(
  engine: Engine,
  projectId: string,
  name: string,
): Promise<EnvironmentRecord | undefined> {
  const [row] = await engine.session.rows(FIND, { projectId, key: nameKey(name) });
  return row === undefined ? undefined : environmentOfRow(row);
}

export async function listEnvironments(
  engine: Engine,
  projectId: string,
): Promise<readonly EnvironmentRecord[]> {
  return (await engine.session.rows(LIST, { projectId })).map(environmentOfRow);
}

export async function deleteEnvironment(engine: Engine, projectId: string, name: string): Promise<void> {
  if ((await engine.session.change(DELETE, { projectId, key: nameKey(name) })) === 0)
    throw new ExecError("NotFound", `the project has no environment ${name}`);
}

function nameKey(name: string): string {
  return name.toLowerCase();
}

const FIND = prepared<{ projectId: string; key: string }, EnvironmentRow>((db, param) =>
  db
    .selectFrom("environments")
    .selectAll()
    .where("project_id", "=", param("projectId"))
    .where("name_key", "=", param("key")),
);

const LIST = prepared<{ projectId: string }, EnvironmentRow>((db, param) =>
  db.selectFrom("environments").selectAll().where("project_id", "=", param("projectId")).orderBy("name_key"),
);

const DELETE = prepared<{ projectId: string; key: string }, unknown>((db, param) =>
  db
    .deleteFrom("environments")
    .where("project_id", "=", param("projectId"))
    .where("name_key", "=", param("key")),
);
