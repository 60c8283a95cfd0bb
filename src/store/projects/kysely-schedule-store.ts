import type { Clock } from "../../clock.ts";
import { newId } from "../../new-id.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { NewSchedule, ScheduleRecord, ScheduleStore } from "../schedule-store.ts";
import type { ScheduleRow } from "../tables/project-tables.ts";

export function kyselyScheduleStore(engine: Engine, clock: Clock): ScheduleStore {
  const { session } = engine;
  return {
    async replace(pipelineId, schedules) {
      await engine.transaction(async (inside) => {
        await inside.hold(`schedules ${pipelineId}`);
        const wanted = new Set(schedules.map(nameOf));
        const present = await inside.rows(OF_PIPELINE, { pipelineId });
        for (const row of present) if (!wanted.has(nameOf(row))) await inside.change(REMOVE, { id: row.id });
        for (const schedule of schedules)
          await inside.change(ADD, { ...schedule, id: newId(clock.now()), pipelineId });
      });
    },
    async list(pipelineId) {
      return (await session.rows(OF_PIPELINE, { pipelineId })).map(scheduleOfRow);
    },
    async due(now, limit) {
      return (await session.rows(DUE, { now, limit })).map(scheduleOfRow);
    },
    async fire(id, nextAt, following) {
      return (await session.change(FIRE, { id, nextAt, following })) > 0;
    },
  };
}

function nameOf({ cron, timezone }: { readonly cron: string; readonly timezone: string }): string {
  return `${timezone} ${cron}`;
}

function scheduleOfRow(row: ScheduleRow): ScheduleRecord {
  return {
    id: row.id,
    pipelineId: row.pipeline_id,
    cron: row.cron,
    timezone: row.timezone,
    nextAt: row.next_at,
  };
}

const OF_PIPELINE = prepared<{ pipelineId: string }, ScheduleRow>((db, param) =>
  db
    .selectFrom("schedules")
    .selectAll()
    .where("pipeline_id", "=", param("pipelineId"))
    .orderBy("next_at")
    .orderBy("id"),
);

const ADD = prepared<NewSchedule & { id: string; pipelineId: string }, unknown>((db, param) =>
  db
    .insertInto("schedules")
    .values({
      id: param("id"),
      pipeline_id: param("pipelineId"),
      cron: param("cron"),
      timezone: param("timezone"),
      next_at: param("nextAt"),
    })
    .onConflict((conflict) => conflict.columns(["pipeline_id", "cron", "timezone"]).doNothing()),
);

const REMOVE = prepared<{ id: string }, unknown>((db, param) =>
  db.deleteFrom("schedules").where("id", "=", param("id")),
);

const DUE = prepared<{ now: number; limit: number }, ScheduleRow>((db, param) =>
  db
    .selectFrom("schedules")
    .selectAll()
    .where("next_at", "<=", param("now"))
    .orderBy("next_at")
    .orderBy("id")
    .limit(param("limit")),
);

const FIRE = prepared<{ id: string; nextAt: number; following: number }, unknown>((db, param) =>
  db
    .updateTable("schedules")
    .set({ next_at: param("following") })
    .where("id", "=", param("id"))
    .where("next_at", "=", param("nextAt")),
);
