import { type RawBuilder, sql } from "kysely";
import type { Session } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";

/** Of a build that ends without a worker: jobs and steps that have not ended are cancelled. */
export async function endJobs(session: Session, buildId: string, at: number): Promise<void> {
  await session.change(END_STEPS, { buildId, at });
  await session.change(END_JOBS, { buildId, at });
}

/** An ended build holds no slot. */
export async function freeSlots(session: Session, buildId: string): Promise<void> {
  await session.change(FREE_SLOTS, { buildId });
}

const IS_OPEN: RawBuilder<boolean> = sql`status in ('pending', 'queued', 'waiting', 'running')`;

const END_STEPS = prepared<{ buildId: string; at: number }, unknown>((db, param) =>
  db
    .updateTable("build_job_steps")
    .set({ status: sql`'cancelled'`, finished_at: param("at") })
    .where("job_id", "in", (eb) =>
      eb.selectFrom("build_jobs").select("id").where("build_id", "=", param("buildId")),
    )
    .where(IS_OPEN),
);

const END_JOBS = prepared<{ buildId: string; at: number }, unknown>((db, param) =>
  db
    .updateTable("build_jobs")
    .set({ status: sql`'cancelled'`, finished_at: param("at") })
    .where("build_id", "=", param("buildId"))
    .where(IS_OPEN),
);

const FREE_SLOTS = prepared<{ buildId: string }, unknown>((db, param) =>
  db.deleteFrom("job_slots").where("build_id", "=", param("buildId")),
);
