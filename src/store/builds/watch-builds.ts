import { sql } from "kysely";
import type { BuildCounts, UnownedBuild } from "../build-store.ts";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { IS_RUNNING, IS_WAITING } from "./build-states.ts";

/** What the sweeper and the numbers look at: builds that have not ended. */

export async function unownedBuilds(
  session: Session,
  wanted: UnownedQuery,
): Promise<readonly UnownedBuild[]> {
  const rows = await session.rows(UNOWNED, wanted);
  return rows.map(({ id, project_id, status }) => ({ id, projectId: project_id, status }));
}

interface UnownedQuery {
  readonly publishedBefore: number;
  readonly unpublishedBefore: number;
  readonly now: number;
  readonly limit: number;
}

export async function countBuilds(session: Session): Promise<BuildCounts> {
  const [row] = await session.rows(COUNT, {});
  const { pending = 0, queued = 0, running = 0, oldest = null } = row ?? {};
  return { pending, queued, running, ...(oldest === null ? {} : { oldestQueuedAt: oldest }) };
}

const UNOWNED = prepared<
  UnownedQuery,
  { id: string; project_id: string; status: UnownedBuild["status"]; seq: number }
>((db, param) =>
  db
    .selectFrom("builds")
    .select(["id", "project_id", "status", "seq"])
    .where(IS_RUNNING)
    .where("lease_until", "<", param("now"))
    .unionAll(
      db
        .selectFrom("builds")
        .select(["id", "project_id", "status", "seq"])
        .where(IS_WAITING)
        .where((eb) =>
          eb.or([
            eb("published_at", "<", param("publishedBefore")),
            eb.and([eb("published_at", "is", null), eb("created_at", "<", param("unpublishedBefore"))]),
          ]),
        ),
    )
    .orderBy("seq")
    .limit(param("limit")),
);

const COUNT = prepared<object, { pending: number; queued: number; running: number; oldest: number | null }>(
  (db) =>
    db.selectNoFrom([
      sql<number>`(select count(*) from builds where ${IS_WAITING} and status = 'pending')`.as("pending"),
      sql<number>`(select count(*) from builds where ${IS_WAITING} and status = 'queued')`.as("queued"),
      sql<number>`(select count(*) from builds where ${IS_RUNNING})`.as("running"),
      sql<number | null>`(select min(coalesce(queued_at, created_at)) from builds where ${IS_WAITING})`.as(
        "oldest",
      ),
    ]),
);
