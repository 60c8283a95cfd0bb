import { sql } from "kysely";
import type { Migration } from "./migration.ts";

/** How many workers a build has outlived: those that gave it back are not among them. */
export const lostLeases: Migration = {
  name: "0002-lost-leases",
  async up(engine, session) {
    const { number } = engine.traits.types;
    const statement = `alter table builds add column lost_leases ${number} not null default 0`;
    await session.query(sql.raw(statement).compile(engine.db));
  },
};
