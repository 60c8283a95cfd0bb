import { type RawBuilder, sql } from "kysely";
import type { BuildRecord, BuildStatus } from "../build-record.ts";
import type { BuildFilter } from "../build-store.ts";
import type { Engine } from "../engine/engine.ts";
import { pageOf, pageStart } from "../list-page.ts";
import type { Page, PageRequest } from "../page.ts";
import { BUILD_COLUMNS, buildOfRow, type SelectedBuildRow } from "./build-of-row.ts";
import { IS_RUNNING, IS_WAITING } from "./build-states.ts";

/** Newest first. The order is that of their making, which never changes. */
export async function listBuilds(
  engine: Engine,
  filter: BuildFilter,
  page: PageRequest,
): Promise<Page<BuildRecord>> {
  const after = pageStart("builds", page, ["number"]);
  const wanted = filter.status;
  // Each state by itself, so that each is read from the end of its own index, however rare it is.
  const states = wanted === undefined ? [undefined] : IN_ORDER.filter(([status]) => wanted.includes(status));
  const found = new Map<number, SelectedBuildRow>();
  for (const state of states) {
    let query = engine.db
      .selectFrom("builds")
      .select(BUILD_COLUMNS)
      .orderBy("seq", "desc")
      .limit(page.limit + 1);
    for (const condition of state?.[1] ?? []) query = query.where(condition);
    if (after !== undefined) query = query.where("seq", "<", after[0]);
    if (filter.projectId !== undefined) query = query.where("project_id", "=", filter.projectId);
    if (filter.pipelineId !== undefined) query = query.where("pipeline_id", "=", filter.pipelineId);
    if (filter.ref !== undefined) query = query.where("ref", "=", filter.ref);
    if (filter.trigger !== undefined) query = query.where("trigger", "=", filter.trigger);
    if (filter.sha !== undefined) query = query.where("sha", "=", filter.sha);
    if (filter.number !== undefined) query = query.where("number", "=", filter.number);
    if (filter.latestAttempt === true) query = query.where("latest", "=", sql.lit(1));
    for (const row of await engine.session.query(query.compile())) found.set(row.seq, row);
  }
  const rows = [...found.values()];
  if (states.length > 1) rows.sort((a, b) => b.seq - a.seq).splice(page.limit + 1);
  return pageOf("builds", page, rows, ({ seq }) => [seq], buildOfRow);
}

/** In the order of the moves: a build that moves while they are read is found, in its later state. */
const IN_ORDER: readonly (readonly [BuildStatus, readonly RawBuilder<boolean>[]])[] = [
  ["pending", [IS_WAITING, sql`status = 'pending'`]],
  ["queued", [IS_WAITING, sql`status = 'queued'`]],
  ["running", [IS_RUNNING]],
  ["succeeded", [sql`status = 'succeeded'`]],
  ["failed", [sql`status = 'failed'`]],
  ["cancelled", [sql`status = 'cancelled'`]],
];
