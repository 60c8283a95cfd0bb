import { type RawBuilder, sql } from "kysely";
import type { BuildRecord, BuildStatus } from "../build-record.ts";
import type { BuildFilter } from "../build-store.ts";
import type { Engine } from "../engine/engine.ts";
import { pageOf, pageStart } from "../list-page.ts";
import type { Page, PageRequest } from "../page.ts";
import { BUILD_COLUMNS, buildOfRow } from "./build-of-row.ts";
import { HAS_ENDED, IS_RUNNING, IS_WAITING } from "./build-states.ts";

/** Newest first. The order is that of their making, which never changes. */
export async function listBuilds(
  engine: Engine,
  filter: BuildFilter,
  page: PageRequest,
): Promise<Page<BuildRecord>> {
  const after = pageStart("builds", page, ["number"]);
  const statuses = filter.status === undefined ? [undefined] : [...new Set(filter.status)];
  // Each state by itself, so that each is read from the end of its own index, however rare it is.
  const found = [];
  for (const status of statuses) {
    let query = engine.db
      .selectFrom("builds")
      .select(BUILD_COLUMNS)
      .orderBy("seq", "desc")
      .limit(page.limit + 1);
    if (status !== undefined) query = query.where(isStatus(status)).where("status", "=", sql.lit(status));
    if (after !== undefined) query = query.where("seq", "<", after[0]);
    if (filter.projectId !== undefined) query = query.where("project_id", "=", filter.projectId);
    if (filter.pipelineId !== undefined) query = query.where("pipeline_id", "=", filter.pipelineId);
    if (filter.ref !== undefined) query = query.where("ref", "=", filter.ref);
    if (filter.trigger !== undefined) query = query.where("trigger", "=", filter.trigger);
    if (filter.sha !== undefined) query = query.where("sha", "=", filter.sha);
    if (filter.latestAttempt === true) query = query.where("latest", "=", sql.lit(1));
    found.push(...(await engine.session.query(query.compile())));
  }
  const rows = statuses.length === 1 ? found : found.sort((a, b) => b.seq - a.seq).slice(0, page.limit + 1);
  return pageOf("builds", page, rows, ({ seq }) => [seq], buildOfRow);
}

function isStatus(status: BuildStatus): RawBuilder<boolean> {
  if (status === "running") return IS_RUNNING;
  return status === "pending" || status === "queued" ? IS_WAITING : HAS_ENDED;
}
