import { sql } from "kysely";
import { ExecError } from "../../errors.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Engine, Session } from "../engine/engine.ts";
import type { Migration } from "./migration.ts";

/**
 * Brings the schema up to date, in one transaction, one process at a time: of two that start together the second finds
 * the work done. Rejects with `Permanent` where the schema has steps this program does not know.
 */
export async function migrate(
  engine: Engine,
  migrations: readonly Migration[],
  logger: Logger,
): Promise<void> {
  const made = await engine.transaction(async (session) => {
    await session.hold("schema");
    const { number, text } = engine.traits.types;
    await run(
      engine,
      session,
      `create table if not exists schema_migrations (name ${text} primary key, at ${number} not null)`,
    );
    const rows = await session.query(
      sql<{ name: string }>`select name from schema_migrations order by name`.compile(engine.db),
    );
    const known = new Set(migrations.map(({ name }) => name));
    const unknown = rows.filter(({ name }) => !known.has(name)).map(({ name }) => name);
    if (unknown.length > 0)
      throw new ExecError(
        "Permanent",
        `the records are newer than this program: it does not know the schema's ${unknown.join(", ")}. Start a newer one`,
      );
    const present = new Set(rows.map(({ name }) => name));
    const missing = migrations.filter(({ name }) => !present.has(name));
    for (const migration of missing) {
      await migration.up(engine, session);
      await run(
        engine,
        session,
        `insert into schema_migrations (name, at) values ('${migration.name}', ${engine.traits.clock})`,
      );
    }
    return missing.map(({ name }) => name);
  });
  if (made.length > 0) logger.info({ migrations: made }, "the schema is up to date");
}

async function run(engine: Engine, session: Session, statement: string): Promise<void> {
  await session.query(sql.raw(statement).compile(engine.db));
}
