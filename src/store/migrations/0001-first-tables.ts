import { sql } from "kysely";
import type { EngineTraits } from "../engine/engine.ts";
import { buildTables } from "./0001-first-tables/build-tables.ts";
import { keptTables } from "./0001-first-tables/kept-tables.ts";
import { projectTables } from "./0001-first-tables/project-tables.ts";
import { turnTables } from "./0001-first-tables/turn-tables.ts";
import type { Migration } from "./migration.ts";

export const firstTables: Migration = {
  name: "0001-first-tables",
  async up(engine, session) {
    for (const statement of firstTableStatements(engine.traits))
      await session.query(sql.raw(statement).compile(engine.db));
  },
};

function firstTableStatements({ types }: EngineTraits): readonly string[] {
  return [projectTables, buildTables, turnTables, keptTables].flatMap((tables) => tables(types));
}
