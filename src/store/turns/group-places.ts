import { sql } from "kysely";
import { prepared } from "../engine/prepared.ts";
import type { GroupHolder } from "../group-store.ts";
import type { GroupPlaceRow } from "../tables/turn-tables.ts";

/** Statements about places in concurrency groups. */

type Group = Pick<GroupPlaceRow, "project_id" | "group_key">;

export const FIND = prepared<GroupHolder, GroupPlaceRow>((db, param) =>
  db
    .selectFrom("group_places")
    .selectAll()
    .where("build_id", "=", param("buildId"))
    .where("holder", "=", param("holder")),
);

/** In the order they came. */
export const OF_GROUP = prepared<Group, GroupPlaceRow>((db, param) =>
  db
    .selectFrom("group_places")
    .selectAll()
    .where("project_id", "=", param("project_id"))
    .where("group_key", "=", param("group_key"))
    .orderBy("position"),
);

export const OF_BUILD = prepared<{ buildId: string }, GroupPlaceRow>((db, param) =>
  db
    .selectFrom("group_places")
    .selectAll()
    .where("build_id", "=", param("buildId"))
    .orderBy("entered_at")
    .orderBy("holder"),
);

export const LEFT_BEHIND = prepared<object, Pick<GroupPlaceRow, "build_id" | "holder">>((db) =>
  db
    .selectFrom("group_places")
    .select(["build_id", "holder"])
    // Asked for each place: there are few of them, and ever more builds that have ended.
    .where(sql`(select status from builds where builds.id = group_places.build_id)`, "in", [
      "succeeded",
      "failed",
      "cancelled",
    ])
    // Those that wait first: so none of them runs for a moment.
    .orderBy("occupies")
    .orderBy("position"),
);

export const ADD = prepared<GroupPlaceRow, unknown>((db, param) =>
  db.insertInto("group_places").values({
    build_id: param("build_id"),
    holder: param("holder"),
    project_id: param("project_id"),
    group_key: param("group_key"),
    position: param("position"),
    state: param("state"),
    occupies: param("occupies"),
    reason: param("reason"),
    entered_at: param("entered_at"),
  }),
);

export const CANCEL = prepared<GroupHolder & { reason: string }, unknown>((db, param) =>
  db
    .updateTable("group_places")
    .set({ state: sql`'cancelled'`, reason: param("reason") })
    .where("build_id", "=", param("buildId"))
    .where("holder", "=", param("holder")),
);

export const REMOVE = prepared<GroupHolder, Group & Pick<GroupPlaceRow, "occupies">>((db, param) =>
  db
    .deleteFrom("group_places")
    .where("build_id", "=", param("buildId"))
    .where("holder", "=", param("holder"))
    .returning(["project_id", "group_key", "occupies"]),
);

export const RUN_NEXT = prepared<Group, Pick<GroupPlaceRow, "build_id" | "holder">>((db, param) =>
  db
    .updateTable("group_places")
    .set({ state: sql`'running'`, occupies: 1 })
    .where("project_id", "=", param("project_id"))
    .where("group_key", "=", param("group_key"))
    .where("position", "=", (eb) =>
      eb
        .selectFrom("group_places")
        .select((each) => each.fn.min("position").as("position"))
        .where("project_id", "=", param("project_id"))
        .where("group_key", "=", param("group_key"))
        .where("state", "=", "waiting"),
    )
    .returning(["build_id", "holder"]),
);
