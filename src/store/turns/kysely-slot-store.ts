import { sql } from "kysely";
import { holdLease } from "../builds/hold-lease.ts";
import type { Engine } from "../engine/engine.ts";
import { prepared } from "../engine/prepared.ts";
import type { SlotRequest, SlotStore } from "../slot-store.ts";

export function kyselySlotStore(engine: Engine): SlotStore {
  return {
    take: (lease, request) =>
      engine.transaction(async (session) => {
        await holdLease(session, lease);
        await session.hold("slots");
        const slot = { ...request, buildId: lease.buildId };
        if ((await session.change(TAKE, slot)) > 0) return true;
        return (await session.rows(FIND, slot)).length > 0;
      }),
    async give(buildId, jobKey) {
      await engine.session.change(GIVE, { buildId, jobKey });
    },
  };
}

type Slot = SlotRequest & { readonly buildId: string };

const TAKE = prepared<Slot, unknown>((db, param) =>
  db
    .insertInto("job_slots")
    .columns(["build_id", "job_key", "project_id"])
    .expression((eb) =>
      eb
        .selectFrom("builds")
        .select([
          "builds.id",
          sql<string>`${param("jobKey")}`.as("job_key"),
          sql<string>`${param("projectId")}`.as("project_id"),
        ])
        .where("builds.id", "=", param("buildId"))
        // An ended build takes none.
        .where(sql<boolean>`builds.status = 'running'`)
        .where(sql<boolean>`(select count(*) from job_slots) < ${param("maxJobs")}`)
        .where(
          sql<boolean>`(select count(*) from job_slots where project_id = ${param("projectId")}) < ${param("maxJobsOfProject")}`,
        ),
    )
    .onConflict((conflict) => conflict.columns(["build_id", "job_key"]).doNothing()),
);

const FIND = prepared<Pick<Slot, "buildId" | "jobKey">, { job_key: string }>((db, param) =>
  db
    .selectFrom("job_slots")
    .select("job_key")
    .where("build_id", "=", param("buildId"))
    .where("job_key", "=", param("jobKey")),
);

const GIVE = prepared<Pick<Slot, "buildId" | "jobKey">, unknown>((db, param) =>
  db.deleteFrom("job_slots").where("build_id", "=", param("buildId")).where("job_key", "=", param("jobKey")),
);
