import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { ProjectSetting } from "../project-store.ts";
import type { ProjectSettingRow } from "../tables/project-tables.ts";

export async function putSetting(engine: Engine, setting: ProjectSetting): Promise<void> {
  await engine.session.change(PUT, { ...setting, name: setting.name.toUpperCase() });
}

export async function listSettings(
  engine: Engine,
  projectId: string,
  kind: ProjectSetting["kind"],
): Promise<readonly ProjectSetting[]> {
  const rows = await engine.session.rows(LIST, { projectId, kind });
  return rows.map((row) => ({
    projectId: row.project_id,
    kind: row.kind,
    name: row.name,
    value: row.value,
    updatedAt: row.updated_at,
  }));
}

export async function deleteSetting(
  engine: Engine,
  projectId: string,
  kind: ProjectSetting["kind"],
  name: string,
): Promise<boolean> {
  return (await engine.session.change(DELETE, { projectId, kind, name: name.toUpperCase() })) > 0;
}

const PUT = prepared<ProjectSetting, unknown>((db, param) =>
  db
    .insertInto("project_settings")
    .values({
      project_id: param("projectId"),
      kind: param("kind"),
      name: param("name"),
      value: param("value"),
      updated_at: param("updatedAt"),
    })
    .onConflict((conflict) =>
      conflict.columns(["project_id", "kind", "name"]).doUpdateSet((eb) => ({
        value: eb.ref("excluded.value"),
        updated_at: eb.ref("excluded.updated_at"),
      })),
    ),
);

const LIST = prepared<Pick<ProjectSetting, "projectId" | "kind">, ProjectSettingRow>((db, param) =>
  db
    .selectFrom("project_settings")
    .selectAll()
    .where("project_id", "=", param("projectId"))
    .where("kind", "=", param("kind"))
    .orderBy("name"),
);

const DELETE = prepared<Pick<ProjectSetting, "projectId" | "kind" | "name">, unknown>((db, param) =>
  db
    .deleteFrom("project_settings")
    .where("project_id", "=", param("projectId"))
    .where("kind", "=", param("kind"))
    .where("name", "=", param("name")),
);
