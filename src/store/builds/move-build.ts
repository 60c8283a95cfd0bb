import { type RawBuilder, sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { BuildRecord } from "../build-record.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import { BUILD_COLUMNS, buildOfRow, type SelectedBuildRow } from "./build-of-row.ts";
import { IS_WAITING } from "./build-states.ts";
import { endJobs, freeSlots } from "./end-build.ts";
import { findBuild } from "./find-build.ts";

/** What moves a build that nobody runs. */

export async function markQueued(session: Session, id: string, at: number): Promise<BuildRecord> {
  const [row] = await session.rows(MARK_QUEUED, { id, at });
  return row === undefined ? findBuild(session, id) : buildOfRow(row);
}

export async function requestCancel(
  session: Session,
  id: string,
  reason: string,
  at: number,
): Promise<BuildRecord> {
  const [row] = await session.rows(REQUEST_CANCEL, { id, reason, at });
  return row === undefined ? findBuild(session, id) : buildOfRow(row);
}

export function failBuild(engine: Engine, id: string, error: string, at: number): Promise<BuildRecord> {
  return engine.transaction(async (session) => {
    const [row] = await session.rows(FAIL, { id, error, at });
    if (row === undefined) {
      const build = await findBuild(session, id);
      if (build.status === "running") throw new ExecError("Conflict", `build ${id} is being run`);
      return build;
    }
    await endJobs(session, id, at);
    await freeSlots(session, id);
    return buildOfRow(row);
  });
}

const MARK_QUEUED = prepared<{ id: string; at: number }, SelectedBuildRow>((db, param) =>
  db
    .updateTable("builds")
    .set({
      status: sql`'queued'`,
      queued_at: sql`coalesce(queued_at, ${param("at")})`,
      published_at: param("at"),
      version: sql`version + case when status = 'pending' then 1 else 0 end`,
    })
    .where("id", "=", param("id"))
    .where(IS_WAITING)
    .returning(BUILD_COLUMNS),
);

const ifWaiting = (then: RawBuilder<unknown>, otherwise: string) =>
  sql<never>`case when status = 'running' then ${sql.ref(otherwise)} else ${then} end`;

/** A build that runs, or whose worker was lost, is cancelled by who runs it (next): its jobs may still be there. */
const REQUEST_CANCEL = prepared<{ id: string; reason: string; at: number }, SelectedBuildRow>((db, param) =>
  db
    .updateTable("builds")
    .set({
      status: ifWaiting(sql`'cancelled'`, "status"),
      finished_at: ifWaiting(param("at"), "finished_at"),
      fence: ifWaiting(sql`fence + 1`, "fence"),
      cancel_reason: param("reason"),
      version: sql`version + 1`,
    })
    .where("id", "=", param("id"))
    .where(sql<boolean>`status in ('pending', 'queued', 'running')`)
    .where("cancel_reason", "is", null)
    .returning(BUILD_COLUMNS),
);

const FAIL = prepared<{ id: string; error: string; at: number }, SelectedBuildRow>((db, param) =>
  db
    .updateTable("builds")
    .set({
      status: sql`'failed'`,
      error: param("error"),
      error_code: sql`'Permanent'`,
      finished_at: param("at"),
      fence: sql`fence + 1`,
      owner: null,
      lease_until: null,
      version: sql`version + 1`,
    })
    .where("id", "=", param("id"))
    .where(sql<boolean>`(${IS_WAITING} or status = 'running' and lease_until < ${param("at")})`)
    .returning(BUILD_COLUMNS),
);
